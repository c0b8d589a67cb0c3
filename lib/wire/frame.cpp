#include "uvspdy/wire/frame.h"

namespace uvspdy::wire {
namespace {

// Names in the specification; empty for a number that it does not define.

std::string_view known_name(FrameType type) {
  switch (type) {
    case FrameType::kSynStream: return "SYN_STREAM";
    case FrameType::kSynReply: return "SYN_REPLY";
    case FrameType::kRstStream: return "RST_STREAM";
    case FrameType::kSettings: return "SETTINGS";
    case FrameType::kPing: return "PING";
    case FrameType::kGoAway: return "GOAWAY";
    case FrameType::kHeaders: return "HEADERS";
    case FrameType::kWindowUpdate: return "WINDOW_UPDATE";
  }
  return {};
}

std::string_view known_name(RstStatus status) {
  switch (status) {
    case RstStatus::kProtocolError: return "PROTOCOL_ERROR";
    case RstStatus::kInvalidStream: return "INVALID_STREAM";
    case RstStatus::kRefusedStream: return "REFUSED_STREAM";
    case RstStatus::kUnsupportedVersion: return "UNSUPPORTED_VERSION";
    case RstStatus::kCancel: return "CANCEL";
    case RstStatus::kInternalError: return "INTERNAL_ERROR";
    case RstStatus::kFlowControlError: return "FLOW_CONTROL_ERROR";
    case RstStatus::kStreamInUse: return "STREAM_IN_USE";
    case RstStatus::kStreamAlreadyClosed: return "STREAM_ALREADY_CLOSED";
    case RstStatus::kFrameTooLarge: return "FRAME_TOO_LARGE";
  }
  return {};
}

std::string_view known_name(GoAwayStatus status) {
  switch (status) {
    case GoAwayStatus::kOk: return "OK";
    case GoAwayStatus::kProtocolError: return "PROTOCOL_ERROR";
    case GoAwayStatus::kInternalError: return "INTERNAL_ERROR";
  }
  return {};
}

std::string_view known_name(SettingId id) {
  switch (id) {
    case SettingId::kUploadBandwidth: return "UPLOAD_BANDWIDTH";
    case SettingId::kDownloadBandwidth: return "DOWNLOAD_BANDWIDTH";
    case SettingId::kRoundTripTime: return "ROUND_TRIP_TIME";
    case SettingId::kMaxConcurrentStreams: return "MAX_CONCURRENT_STREAMS";
    case SettingId::kCurrentCwnd: return "CURRENT_CWND";
    case SettingId::kDownloadRetransRate: return "DOWNLOAD_RETRANS_RATE";
    case SettingId::kInitialWindowSize: return "INITIAL_WINDOW_SIZE";
    case SettingId::kClientCertificateVectorSize: return "CLIENT_CERTIFICATE_VECTOR_SIZE";
  }
  return {};
}

template <class Number>
std::string_view name_or_unknown(Number number) {
  const std::string_view name = known_name(number);
  return name.empty() ? "UNKNOWN" : name;
}

}  // namespace

bool is_known(FrameType type) { return !known_name(type).empty(); }
bool is_known(RstStatus status) { return !known_name(status).empty(); }
bool is_known(GoAwayStatus status) { return !known_name(status).empty(); }
bool is_known(SettingId id) { return !known_name(id).empty(); }

std::string_view name_of(FrameType type) { return name_or_unknown(type); }
std::string_view name_of(RstStatus status) { return name_or_unknown(status); }
std::string_view name_of(GoAwayStatus status) { return name_or_unknown(status); }
std::string_view name_of(SettingId id) { return name_or_unknown(id); }

}  // namespace uvspdy::wire
