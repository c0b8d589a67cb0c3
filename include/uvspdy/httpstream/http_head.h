#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

// The little of HTTP/1.1 (RFC 9112) that an upgrade needs: one head each way. Strict: lines end in
// CR LF, no folded lines, no space before a colon, no bare control characters.

namespace uvspdy::httpstream {

/// The most bytes of one head, the empty line at its end included.
inline constexpr std::size_t kMaxHeadSize = 64 * 1024;

/// The most header fields in one head.
inline constexpr std::size_t kMaxHeadFields = 128;

struct HttpRequest {
  std::string method{};
  std::string target{};  ///< path and query, as sent
  Headers headers{};
};

struct HttpResponse {
  int status = 200;
  std::string reason{};  ///< empty: the usual one for the status
  Headers headers{};
  std::string body{};
};

/// Collects one head from input that may be cut anywhere. One that was moved from may only be
/// assigned to or destroyed.
class UVSPDY_EXPORT HttpHeadCollector {
 public:
  HttpHeadCollector();
  ~HttpHeadCollector();
  HttpHeadCollector(HttpHeadCollector&&) noexcept;
  HttpHeadCollector& operator=(HttpHeadCollector&&) noexcept;

  /// Takes bytes from the front of `input` up to the end of the head, and leaves what is behind
  /// it. Returns whether the head is complete. Errors: kHeadTooLarge.
  Result<bool> take(Bytes& input);

  /// The head, with the empty line at its end, once it is complete.
  const std::string& head() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Errors: kBadHead, kHeadTooLarge (too many fields).
UVSPDY_EXPORT Result<HttpRequest> parse_request_head(std::string_view head);
UVSPDY_EXPORT Result<HttpResponse> parse_response_head(std::string_view head);

/// A head in wire form. Errors: kBadHead for a method, target, name or value that would not come
/// out as one (CR, LF and other control characters).
UVSPDY_EXPORT Result<std::string> format_request_head(const HttpRequest& request);

/// Head and body in wire form; Content-Length is set, except for status 101. Errors: kBadHead for a
/// reason, name or value that would not come out as one.
UVSPDY_EXPORT Result<std::string> format_response(const HttpResponse& response);

/// "Not Found" for 404; "Unknown" for a status that has no usual text.
UVSPDY_EXPORT std::string_view reason_of(int status);

/// "403 Forbidden: no way": what a response says, in one line for people, of bounded length and
/// without control characters. Of a body only the first line is told, and nothing of HTML.
UVSPDY_EXPORT std::string summary(const HttpResponse& response);

}  // namespace uvspdy::httpstream
