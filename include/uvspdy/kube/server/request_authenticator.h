#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::kube {

/// Who a request comes from, as Kubernetes sees it.
struct User {
  std::string name{};
  std::vector<std::string> groups{};
};

/// A bearer token, and whom it stands for.
struct BearerToken {
  std::string token{};
  User user{};
};

/// Reads the text of a static token file as kube-apiserver has it: on each line
/// TOKEN,USER,UID[,"GROUP,GROUP"]. `name` is the file's, for errors.
/// Errors: kBadTokenFile, with the line, and never the token.
UVSPDY_EXPORT Result<std::vector<BearerToken>> parse_token_file(std::string_view text,
                                                                std::string_view name);

/// Reads such a file, of at most 1 MiB. Errors: kBadTokenFile, also, with libuv's reason, for a
/// file that cannot be read.
UVSPDY_EXPORT Result<std::vector<BearerToken>> read_token_file(const std::string& path);

/// Tells who a request comes from: by the client certificate that TLS has verified (its common
/// name is the user, its organizations are the groups), else by a bearer token.
class UVSPDY_EXPORT RequestAuthenticator {
 public:
  explicit RequestAuthenticator(std::vector<BearerToken> tokens = {});

  /// `tls` is what the transport knows of its peer; may be null. Tokens are compared in a time that
  /// does not depend on what they contain. Errors: kUnauthorized; answer 401.
  Result<User> authenticate(const httpstream::HttpRequest& request, const net::TlsInfo* tls) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::kube
