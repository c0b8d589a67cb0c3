#include "uvspdy/session/error.h"

#include <string>

namespace uvspdy::session {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "uvspdy.session"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::kProtocolError: return "protocol error";
      case Errc::kStreamReset: return "stream reset by the peer";
      case Errc::kStreamRefused: return "stream refused by the peer";
      case Errc::kStreamClosed: return "stream is closed";
      case Errc::kResetHere: return "stream reset on this side";
      case Errc::kConnectionClosed: return "connection closed on this side";
      case Errc::kConnectionLost: return "connection lost";
      case Errc::kGoneAway: return "peer has gone away";
      case Errc::kCreateTimeout: return "no answer to a new stream";
      case Errc::kIdleTimeout: return "connection idle for too long";
      case Errc::kIdsExhausted: return "stream ids exhausted";
      case Errc::kNoSuchStream: return "no such stream";
      case Errc::kAlreadyReplied: return "stream has its reply";
      case Errc::kLimitExceeded: return "limit exceeded";
      case Errc::kFlowControl: return "flow control violated";
      case Errc::kFlowControlUnknown: return "peer does not say whether it has flow control";
      case Errc::kPeerDead: return "peer does not answer";
      case Errc::kBadSettings: return "settings that cannot be sent";
    }
    return "unknown session error";
  }
};

}  // namespace

const std::error_category& category() {
  static const Category instance;
  return instance;
}

}  // namespace uvspdy::session
