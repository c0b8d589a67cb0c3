#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "uvspdy.httpstream"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::kBadHead: return "malformed HTTP head";
      case Errc::kHeadTooLarge: return "HTTP head too large";
      case Errc::kBadUrl: return "bad URL";
      case Errc::kNotAnUpgrade: return "not an upgrade request";
      case Errc::kNoProtocol: return "no stream protocol named";
      case Errc::kNoCommonProtocol: return "no common stream protocol";
      case Errc::kUpgradeFailed: return "upgrade failed";
      case Errc::kTimeout: return "timed out";
      case Errc::kProxyTimeout: return "proxy timed out";
      case Errc::kConnectionLost: return "connection lost";
      case Errc::kProxy: return "proxy failed";
      case Errc::kBadBody: return "unusable HTTP body";
      case Errc::kTooManyConnections: return "too many connections";
    }
    return "unknown httpstream error";
  }
};

}  // namespace

const std::error_category& category() {
  static const Category instance;
  return instance;
}

bool is_upgrade_failure(const Error& error) { return error.code() == Errc::kUpgradeFailed; }

const UpgradeFailure* upgrade_failure(const Error& error) {
  return dynamic_cast<const UpgradeFailure*>(error.detail().get());
}

}  // namespace uvspdy::httpstream
