#include "uvspdy/wire/error.h"

#include <string>

namespace uvspdy::wire {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "uvspdy.wire"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::kUnsupportedVersion: return "unsupported SPDY version";
      case Errc::kBadLength: return "bad frame length";
      case Errc::kFrameTooLarge: return "frame too large";
      case Errc::kZeroStreamId: return "stream id 0";
      case Errc::kBadStatus: return "bad status code";
      case Errc::kTooManySettings: return "too many settings";
      case Errc::kInflateFailed: return "header block cannot be inflated";
      case Errc::kHeaderBlockTooLarge: return "header block too large";
      case Errc::kTooManyHeaders: return "too many headers";
      case Errc::kMalformedHeaderBlock: return "malformed header block";
      case Errc::kBadHeaderName: return "bad header name";
      case Errc::kDuplicateHeader: return "duplicate header name";
      case Errc::kBadHeaderValue: return "bad header value";
      case Errc::kForbiddenHeader: return "header not allowed over SPDY";
      case Errc::kBadCompression: return "bad compression setting";
    }
    return "unknown wire error";
  }
};

}  // namespace

const std::error_category& category() {
  static const Category instance;
  return instance;
}

}  // namespace uvspdy::wire
