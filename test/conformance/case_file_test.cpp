// What is wrong in a case file is found, with its place.

#include "conformance/case_file.h"

#include "conformance/peer_frames.h"
#include "support/catch.h"
#include "support/hex.h"

namespace uvspdy::test {
namespace {

std::string mistake_in(std::string_view text) {
  try {
    parse_cases("file.txt", text);
  } catch (const CaseError& error) {
    return error.what();
  }
  return "none";
}

std::string frame_of(std::string_view text) {
  try {
    return to_hex(PeerFrames().bytes(text));
  } catch (const CaseError& error) {
    return error.what();
  }
}

TEST_CASE("a whole case is read", "[conformance-format]") {
  const auto cases = parse_cases("file.txt",
                                 "# A comment.\n\ncase 2.2/a\nsays MUST: do it\nrole both\n"
                                 "set opening shown\nin PING 1\nout PING 1\n");
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].name == "2.2/a");
  CHECK(cases[0].roles.size() == 2);
  REQUIRE(cases[0].options.size() == 1);
  CHECK(cases[0].options[0].text == "opening shown");
  REQUIRE(cases[0].steps.size() == 2);
  CHECK(cases[0].steps[1].number == 8);
  CHECK(cases[0].steps[1].verb == "out");
  CHECK(cases[0].steps[1].text == "PING 1");
}

TEST_CASE("mistakes in a case are found", "[conformance-format]") {
  const std::string begin = "case 2.2/a\nsays MUST: do it\nrole client\n";
  CHECK(mistake_in("in PING 1\n") == "file.txt:1: 'in' stands before the first case");
  CHECK(mistake_in(begin + "send PING 1\n") == "file.txt:4: unknown word 'send'");
  CHECK(mistake_in(begin + "in PING 1\nset opening shown\n") ==
        "file.txt:5: 'set' stands behind the first step");
  CHECK(mistake_in("case 2.2/a\nsays MUST: do it\nrole peer\n") ==
        "file.txt:3: a role is client, server or both");
  CHECK(mistake_in("case 2.2/a\nsays MUST: do it\nout nothing\n") ==
        "file.txt:3: the case has no role");
  CHECK(mistake_in("case 2.2/a\nrole client\nout nothing\n") ==
        "file.txt:3: the case does not say what the specification asks");
  CHECK(mistake_in(begin + "in PING 1\n") == "file.txt:1: the case expects nothing");
  CHECK(mistake_in(begin + "out nothing\nin PING 1\ncase 2.2/b\n") ==
        "file.txt:1: the case ends without saying what follows from its last step");
  CHECK(mistake_in(begin + "departs\nout nothing\n") ==
        "file.txt:4: a departure without its reason");
}

TEST_CASE("the peer's frames are what they say", "[conformance-format]") {
  CHECK(frame_of("PING 1") == "800300060000000400000001");
  CHECK(frame_of("DATA 3 'ab' FIN") == "00000003010000026162");
  CHECK(frame_of("RST_STREAM 1 CANCEL length 8") == "80030003000000080000000100000005");
  CHECK(frame_of("GOAWAY 5 OK") == "80030007000000080000000500000000");
  CHECK(frame_of("WINDOW_UPDATE 0 256") == "80030009000000080000000000000100");
  CHECK(frame_of("SETTINGS CLEAR_SETTINGS 7=1 PERSISTED") ==
        "800300040100000c000000010200000700000001");
  CHECK(frame_of("HEADERS 1 raw 0102") == "8003000800000006000000010102");
  CHECK(frame_of("SYN_STREAM 1 raw 0102") == "800300010000000c000000010000000000000102");
}

TEST_CASE("mistakes in a frame are found", "[conformance-format]") {
  CHECK(frame_of("PING") == "the line ends too early");
  CHECK(frame_of("PING one") == "'one' is not a number that fits here");
  CHECK(frame_of("PING 1 2") == "'2' is more than belongs here");
  CHECK(frame_of("PONG 1") == "the peer cannot send 'PONG'");
  CHECK(frame_of("PING 1 length 8") == "the frame's length is 4");
  CHECK(frame_of("DATA 1 ab") == "'ab' is not a number that fits here");
  CHECK(frame_of("RST_STREAM 1 CANCELLED") == "'CANCELLED' is not a number that fits here");
  CHECK(frame_of("HEADERS 1 {a}") == "a header is name: value");
  CHECK(frame_of("bytes 0x") == "not a hex digit");
}

}  // namespace
}  // namespace uvspdy::test
