#include "net/openssl.h"

#include <openssl/err.h>

namespace uvspdy::net {

OpensslError take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {0, 0, "no reason given"};
  const char* reason = ERR_reason_error_string(code);
  return {ERR_GET_LIB(code), ERR_GET_REASON(code),
          reason != nullptr ? reason : "OpenSSL error " + std::to_string(code)};
}

void clear_openssl_errors() { ERR_clear_error(); }

}  // namespace uvspdy::net
