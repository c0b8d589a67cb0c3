#include "uvspdy/kube/protocol/error.h"

#include <string>

namespace uvspdy::kube {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "uvspdy.kube"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::kBadRequest: return "bad request";
      case Errc::kBadStatus: return "malformed status";
      case Errc::kNoStatus: return "no exit status";
      case Errc::kCommandFailed: return "command failed";
      case Errc::kBadTokenFile: return "unusable token file";
      case Errc::kUnauthorized: return "unauthorized";
      case Errc::kBadKubeconfig: return "unusable kubeconfig";
      case Errc::kForwardFailed: return "not forwarded";
      case Errc::kCredentials: return "no credentials";
      case Errc::kRefused: return "refused";
      case Errc::kBadPod: return "unusable pod";
      case Errc::kBadList: return "unusable list";
      case Errc::kTooManyRequests: return "too many requests";
      case Errc::kNoRandomness: return "no random bytes";
    }
    return "unknown kube error";
  }
};

}  // namespace

const std::error_category& category() {
  static const Category instance;
  return instance;
}

}  // namespace uvspdy::kube
