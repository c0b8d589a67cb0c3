#include <set>
#include <string>

#include "support/catch.h"
#include "uvspdy/wire/error.h"
#include "uvspdy/wire/frame.h"

using namespace uvspdy::wire;

TEST_CASE("names: frame types are called and numbered as in section 2.6") {
  CHECK(name_of(FrameType{1}) == "SYN_STREAM");
  CHECK(name_of(FrameType{2}) == "SYN_REPLY");
  CHECK(name_of(FrameType{3}) == "RST_STREAM");
  CHECK(name_of(FrameType{4}) == "SETTINGS");
  CHECK(name_of(FrameType{6}) == "PING");
  CHECK(name_of(FrameType{7}) == "GOAWAY");
  CHECK(name_of(FrameType{8}) == "HEADERS");
  CHECK(name_of(FrameType{9}) == "WINDOW_UPDATE");
  for (const int gone : {0, 5, 10, 11, 0xffff}) {
    CHECK(name_of(static_cast<FrameType>(gone)) == "UNKNOWN");
  }
}

TEST_CASE("names: RST_STREAM statuses are called and numbered as in section 2.6.3") {
  CHECK(name_of(RstStatus{1}) == "PROTOCOL_ERROR");
  CHECK(name_of(RstStatus{2}) == "INVALID_STREAM");
  CHECK(name_of(RstStatus{3}) == "REFUSED_STREAM");
  CHECK(name_of(RstStatus{4}) == "UNSUPPORTED_VERSION");
  CHECK(name_of(RstStatus{5}) == "CANCEL");
  CHECK(name_of(RstStatus{6}) == "INTERNAL_ERROR");
  CHECK(name_of(RstStatus{7}) == "FLOW_CONTROL_ERROR");
  CHECK(name_of(RstStatus{8}) == "STREAM_IN_USE");
  CHECK(name_of(RstStatus{9}) == "STREAM_ALREADY_CLOSED");
  CHECK(name_of(RstStatus{11}) == "FRAME_TOO_LARGE");
  CHECK(name_of(RstStatus{0}) == "UNKNOWN");
  CHECK(name_of(RstStatus{10}) == "UNKNOWN");
  CHECK(name_of(RstStatus{12}) == "UNKNOWN");
}

TEST_CASE("names: GOAWAY statuses are called and numbered as in section 2.6.6") {
  CHECK(name_of(GoAwayStatus{0}) == "OK");
  CHECK(name_of(GoAwayStatus{1}) == "PROTOCOL_ERROR");
  CHECK(name_of(GoAwayStatus{2}) == "INTERNAL_ERROR");
  CHECK(name_of(GoAwayStatus{3}) == "UNKNOWN");
}

TEST_CASE("names: SETTINGS ids are numbered as in section 2.6.4") {
  CHECK(SettingId{1} == SettingId::kUploadBandwidth);
  CHECK(SettingId{2} == SettingId::kDownloadBandwidth);
  CHECK(SettingId{3} == SettingId::kRoundTripTime);
  CHECK(SettingId{4} == SettingId::kMaxConcurrentStreams);
  CHECK(SettingId{5} == SettingId::kCurrentCwnd);
  CHECK(SettingId{6} == SettingId::kDownloadRetransRate);
  CHECK(SettingId{7} == SettingId::kInitialWindowSize);
  CHECK(SettingId{8} == SettingId::kClientCertificateVectorSize);
  CHECK(name_of(SettingId{4}) == "MAX_CONCURRENT_STREAMS");
  CHECK(name_of(SettingId{7}) == "INITIAL_WINDOW_SIZE");
  CHECK(name_of(SettingId{9}) == "UNKNOWN");
}

TEST_CASE("names: numbers that the specification knows have one, and no others") {
  const auto check = [](auto number) { CHECK(is_known(number) == (name_of(number) != "UNKNOWN")); };
  for (std::uint16_t number = 0; number < 100; ++number) {
    check(FrameType{number});
    check(RstStatus{number});
    check(GoAwayStatus{number});
    check(SettingId{number});
  }
  CHECK(is_known(FrameType::kWindowUpdate));
  CHECK_FALSE(is_known(FrameType{5}));
  CHECK_FALSE(is_known(FrameType{0xffff}));
  CHECK_FALSE(is_known(RstStatus{10}));
  CHECK_FALSE(is_known(GoAwayStatus{3}));
  CHECK_FALSE(is_known(SettingId{0xffffff}));
}

TEST_CASE("names: every error of the floor has a text of its own") {
  CHECK(std::string(category().name()) == "uvspdy.wire");
  std::set<std::string> texts;
  int count = 0;
  for (int code = static_cast<int>(Errc::kUnsupportedVersion);
       code <= static_cast<int>(Errc::kBadCompression); ++code) {
    texts.insert(category().message(code));
    ++count;
  }
  CHECK(texts.size() == static_cast<std::size_t>(count));
  CHECK(texts.count(category().message(0)) == 0);
  CHECK(category().message(0) == category().message(count + 1));
}

TEST_CASE("names: an Errc is an error code of the floor's category") {
  const std::error_code code = Errc::kBadLength;
  CHECK(code.category() == category());
  CHECK(code == Errc::kBadLength);
  CHECK(code != Errc::kBadStatus);
}
