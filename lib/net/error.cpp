#include "uvspdy/net/error.h"

#include <uv.h>

namespace uvspdy::net {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "uvspdy.net"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::kBadAddress: return "bad address";
      case Errc::kTimeout: return "timed out";
      case Errc::kTlsConfig: return "certificates or keys that cannot be used";
      case Errc::kTlsTimeout: return "TLS handshake timed out";
      case Errc::kCertificate: return "certificate not accepted";
      case Errc::kTlsHandshake: return "TLS handshake failed";
      case Errc::kTlsProtocol: return "TLS error";
      case Errc::kTruncated: return "ended without close_notify";
    }
    return "unknown network error";
  }
};

class UvCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "libuv"; }
  std::string message(int code) const override { return uv_strerror(code); }
};

}  // namespace

const std::error_category& category() {
  static const Category instance;
  return instance;
}

const std::error_category& uv_category() {
  static const UvCategory instance;
  return instance;
}

Error uv_error(int status, std::string_view what) {
  return Error(std::error_code(status, uv_category()),
               std::string(what) + ": " + uv_strerror(status) + " (" + uv_err_name(status) + ")");
}

}  // namespace uvspdy::net
