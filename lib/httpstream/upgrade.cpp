#include "uvspdy/httpstream/upgrade.h"

#include <algorithm>

#include "core/trimmed.h"
#include "uvspdy/httpstream/error.h"

namespace uvspdy::httpstream {
namespace {

// Go compares both headers as case-insensitive substrings.
bool header_contains(const HttpRequest& request, std::string_view name, std::string_view wanted) {
  for (const std::string_view value : request.headers.values(name)) {
    if (to_lower(value).find(to_lower(wanted)) != std::string::npos) return true;
  }
  return false;
}

std::string joined(const auto& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + std::string(text);
  return "[" + all + "]";
}

Error refuse(HttpResponse& response, int status, Errc code, std::string text) {
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = text + "\n";
  return Error(code, std::move(text));
}

}  // namespace

bool is_upgrade_request(const HttpRequest& request) {
  return request.version == HttpVersion::kHttp11 &&
         header_contains(request, kHeaderConnection, kHeaderUpgrade);
}

bool is_spdy_upgrade_request(const HttpRequest& request) {
  return is_upgrade_request(request) && header_contains(request, kHeaderUpgrade, kSpdy31);
}

std::vector<std::string> requested_protocols(const HttpRequest& request) {
  std::vector<std::string> protocols;
  for (std::string_view line : request.headers.values(kHeaderProtocolVersion)) {
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(','), line.size());
      const std::string_view protocol = trimmed(line.substr(0, end), " \t");
      line.remove_prefix(std::min(end + 1, line.size()));
      if (!protocol.empty()) protocols.emplace_back(protocol);
    }
  }
  return protocols;
}

Result<std::string> handshake(const HttpRequest& request, HttpResponse& response,
                              std::span<const std::string_view> server_protocols) {
  const std::vector<std::string> wanted = requested_protocols(request);
  if (wanted.empty()) {
    return refuse(response, 400, Errc::kNoProtocol,
                  "unable to upgrade: header " + std::string(kHeaderProtocolVersion) +
                      " is required and must name a protocol");
  }
  for (const std::string& protocol : wanted) {
    if (std::find(server_protocols.begin(), server_protocols.end(), protocol) !=
        server_protocols.end()) {
      response.headers.add(kHeaderProtocolVersion, protocol);
      return protocol;
    }
  }
  for (const std::string_view protocol : server_protocols) {
    response.headers.add(kHeaderAcceptedProtocolVersions, protocol);
  }
  return refuse(response, 403, Errc::kNoCommonProtocol,
                "unable to upgrade: no common protocol: client supports " + joined(wanted) +
                    ", server accepts " + joined(server_protocols));
}

}  // namespace uvspdy::httpstream
