#include "uvspdy/wire/frame.h"

namespace uvspdy::wire {

std::string_view name_of(FrameType type) {
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
  return "UNKNOWN";
}

std::string_view name_of(RstStatus status) {
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
  return "UNKNOWN";
}

std::string_view name_of(GoAwayStatus status) {
  switch (status) {
    case GoAwayStatus::kOk: return "OK";
    case GoAwayStatus::kProtocolError: return "PROTOCOL_ERROR";
    case GoAwayStatus::kInternalError: return "INTERNAL_ERROR";
  }
  return "UNKNOWN";
}

}  // namespace uvspdy::wire
