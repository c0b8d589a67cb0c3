#include "kube/credentials/authentication_headers.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/control_character.h"
#include "core/trimmed.h"
#include "kube/config/read_file.h"
#include "net/base64.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kMaxTokenSize = 64 * 1024;

// The name of an extra field as part of a header's name (RFC 9110, section 5.6.2).
std::string header_name_part(std::string_view text) {
  constexpr std::string_view kToken =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&'*+-.^_`|~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    if (kToken.find(c) != std::string_view::npos) {
      name += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name += '%';
    name += kHex[byte >> 4];
    name += kHex[byte & 15];
  }
  return name;
}

Result<std::string> token_of(const Credentials& credentials) {
  if (credentials.token_file.empty()) return credentials.token;
  const Result<std::string> content = read_file_at_once(credentials.token_file, kMaxTokenSize);
  if (content && !trimmed(*content).empty()) return std::string(trimmed(*content));
  if (!credentials.token.empty()) return credentials.token;
  return Error(Errc::kCredentials, "token file: " + (content ? credentials.token_file + " is empty"
                                                             : content.error().message()));
}

void add_impersonation(const Impersonation& impersonate, Headers& headers) {
  if (impersonate.user.empty()) return;
  headers.add("Impersonate-User", impersonate.user);
  if (!impersonate.uid.empty()) headers.add("Impersonate-Uid", impersonate.uid);
  for (const std::string& group : impersonate.groups) headers.add("Impersonate-Group", group);
  for (const auto& [name, values] : impersonate.extra) {
    for (const std::string& value : values) {
      headers.add("Impersonate-Extra-" + header_name_part(name), value);
    }
  }
}

}  // namespace

Result<Headers> authentication_headers(const Credentials& credentials) {
  Headers headers;
  Result<std::string> token = token_of(credentials);
  if (!token) return token.error();
  if (!token->empty()) {
    headers.add("Authorization", "Bearer " + *token);
  } else if (!credentials.username.empty() || !credentials.password.empty()) {
    headers.add("Authorization",
                "Basic " + net::base64_encode(credentials.username + ":" + credentials.password));
  }
  add_impersonation(credentials.impersonate, headers);
  for (const auto& [name, value] : headers) {
    if (std::any_of(value.begin(), value.end(), is_control)) {
      return Error(Errc::kCredentials, "the value for the header " + std::string(name) +
                                           " has a line end or another control "
                                           "character in it");
    }
  }
  return headers;
}

}  // namespace uvspdy::kube
