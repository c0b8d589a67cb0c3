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

/// The Kubernetes user who sent a request.
struct User {
  std::string name{};
  std::vector<std::string> groups{};
};

/// A bearer token and the user to whom it belongs.
struct BearerToken {
  std::string token{};
  User user{};
};

/// Parses a static token file, as of kube-apiserver --token-auth-file: TOKEN,USER,UID[,"GROUP,..."]
/// on each line; UIDs are ignored. `name` is the file's, for errors. Errors: kBadTokenFile, for a
/// malformed line (the text has its number, and repeats nothing of it) or a file without a token.
UVSPDY_EXPORT Result<std::vector<BearerToken>> parse_token_file(std::string_view text,
                                                                std::string_view name);

/// Reads a static token file of at most 1 MiB, blocking, and parses it (parse_token_file). Errors:
/// kBadTokenFile, also for a file that cannot be read, then with libuv's reason in the text.
UVSPDY_EXPORT Result<std::vector<BearerToken>> read_token_file(const std::string& path);

/// Finds the user who sent a request: by the client certificate that TLS has verified (its common
/// name is the user, its organizations are the groups), else by a bearer token.
class UVSPDY_EXPORT RequestAuthenticator {
 public:
  explicit RequestAuthenticator(std::vector<BearerToken> tokens = {});

  /// `tls` is the TlsInfo of the request's transport; null without TLS. Comparing a token takes a
  /// time that does not depend on its content. Errors: kUnauthorized, to be answered with 401.
  Result<User> authenticate(const httpstream::HttpRequest& request, const net::TlsInfo* tls) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace uvspdy::kube
