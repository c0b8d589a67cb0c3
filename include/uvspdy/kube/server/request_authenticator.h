#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/kube/server/guess_limits.h"
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
/// name is the user, its organizations are the groups), else by a bearer token. Copies share the
/// tokens and the count of wrong ones.
class UVSPDY_EXPORT RequestAuthenticator {
 public:
  explicit RequestAuthenticator(std::vector<BearerToken> tokens = {}, GuessLimits guesses = {});

  /// Finds the user of a request that was not answered yet. Errors: kUnauthorized, to be answered
  /// with 401; kTooManyRequests, to be answered with 429, when the client's address has sent too
  /// many wrong tokens. Requests with a verified certificate or without a token are no guesses:
  /// they neither count nor have to wait.
  Result<User> authenticate(const httpstream::HttpExchange& exchange) const;

  /// Makes the HTTP answer (a Status as JSON) for an error of `authenticate`: 401, or 429 with
  /// Retry-After.
  httpstream::HttpResponse response_for(const Error& error) const;

  /// The same without a limit of guesses. `tls` is the TlsInfo of the request's transport; null
  /// without TLS. Comparing a token takes a time that does not depend on its content. Errors:
  /// kUnauthorized, to be answered with 401.
  Result<User> authenticate(const httpstream::HttpRequest& request, const net::TlsInfo* tls) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
