#include "uvspdy/kube/server/request_authenticator.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/client_buckets.h"
#include "core/trimmed.h"
#include "kube/config/read_file.h"
#include "net/client_address.h"
#include "uvspdy/headers.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kMaxTokenFile = 1024 * 1024;

/// The fields of one line of comma-separated values (RFC 4180), or nothing where a quote is not
/// closed.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  for (std::string& field : fields) field = trimmed(field);
  return fields;
}

std::vector<std::string> groups_of(std::string_view list) {
  std::vector<std::string> groups;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view group = trimmed(list.substr(0, comma));
    if (!group.empty()) groups.emplace_back(group);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return groups;
}

/// Whether a certificate that TLS has verified names a user.
bool has_certificate(const net::TlsInfo* tls) {
  return tls != nullptr && tls->peer && tls->peer->verified && !tls->peer->common_name.empty();
}

/// The token of the request's "Authorization: Bearer" header; nothing without one.
std::optional<std::string_view> bearer_token(const httpstream::HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view authorization = request.headers.get("Authorization").value_or("");
  if (to_lower(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return trimmed(authorization.substr(kScheme.size()));
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<std::vector<BearerToken>> parse_token_file(std::string_view text, std::string_view name) {
  std::vector<BearerToken> tokens;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const auto fields = fields_of(line);
    const bool complete =
        fields && fields->size() >= 3 && !(*fields)[0].empty() && !(*fields)[1].empty();
    if (!complete) {
      return Error(Errc::kBadTokenFile,
                   std::string(name) + ":" + std::to_string(number) +
                       ": a token file has TOKEN,USER,UID[,\"GROUP,GROUP\"] on each line");
    }
    tokens.push_back({(*fields)[0],
                      {(*fields)[1],
                       fields->size() > 3 ? groups_of((*fields)[3]) : std::vector<std::string>()}});
  }
  if (tokens.empty()) {
    return Error(Errc::kBadTokenFile, std::string(name) + ": there is no token in it");
  }
  return tokens;
}

Result<std::vector<BearerToken>> read_token_file(const std::string& path) {
  const Result<std::string> text = read_file(path, kMaxTokenFile);
  if (!text) return Error(Errc::kBadTokenFile, "token file: " + text.error().message());
  return parse_token_file(*text, path);
}

struct UVSPDY_LOCAL RequestAuthenticator::Impl {
  std::vector<BearerToken> tokens;
  GuessLimits limits;
  ClientBuckets guesses;
};

RequestAuthenticator::RequestAuthenticator(std::vector<BearerToken> tokens, GuessLimits guesses)
    : impl_(std::make_shared<Impl>(
          Impl{std::move(tokens), guesses,
               ClientBuckets(TokenRate::per_minute(guesses.per_minute, guesses.burst))})) {}

Result<User> RequestAuthenticator::authenticate(const httpstream::HttpRequest& request,
                                                const net::TlsInfo* tls) const {
  if (has_certificate(tls)) return User{tls->peer->common_name, tls->peer->organizations};
  const auto token = bearer_token(request);
  if (!token) {
    return Error(Errc::kUnauthorized,
                 "the request has neither a client certificate that is known here nor a bearer "
                 "token");
  }
  for (const BearerToken& known : impl_->tokens) {
    if (same_secret(known.token, *token)) return known.user;
  }
  return Error(Errc::kUnauthorized, "the bearer token is not known here");
}

Result<User> RequestAuthenticator::authenticate(const httpstream::HttpExchange& exchange) const {
  const net::TlsInfo* tls = exchange.tls();
  if (has_certificate(tls) || !bearer_token(exchange.request())) {
    return authenticate(exchange.request(), tls);
  }
  const std::string client = net::client_of_peer(exchange.peer());
  const auto now = std::chrono::steady_clock::now();
  if (!impl_->guesses.has_token(client, now)) {
    return Error(Errc::kTooManyRequests,
                 "too many wrong bearer tokens came from " + client + ": try again later");
  }
  Result<User> user = authenticate(exchange.request(), tls);
  if (!user) impl_->guesses.take(client, now);
  return user;
}

httpstream::HttpResponse RequestAuthenticator::response_for(const Error& error) const {
  if (error.code() != Errc::kTooManyRequests) {
    return status_response(401, "Unauthorized", "Unauthorized: " + error.message());
  }
  httpstream::HttpResponse response = status_response(429, "TooManyRequests", error.message());
  constexpr std::size_t kMinute = 60;
  const std::size_t wait = kMinute / std::max<std::size_t>(impl_->limits.per_minute, 1);
  response.headers.add("Retry-After", std::to_string(std::max<std::size_t>(wait, 1)));
  return response;
}

}  // namespace uvspdy::kube
