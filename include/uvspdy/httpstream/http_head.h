#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

// The part of HTTP/1.1 (RFC 9112) that an upgrade needs: one head in each direction. The parser is
// strict: lines end in CR LF; folded lines, a space before a colon and bare control characters are
// errors.

namespace uvspdy::httpstream {

/// The most bytes of one head, with the empty line at its end.
inline constexpr std::size_t kMaxHeadSize = 64 * 1024;

/// The most header fields in one head.
inline constexpr std::size_t kMaxHeadFields = 128;

enum class HttpVersion { kHttp10, kHttp11 };

struct HttpRequest {
  std::string method{};
  /// Path and query, as sent. HttpServer also lets through "*" (OPTIONS) and HOST:PORT (CONNECT).
  std::string target{};
  Headers headers{};
  HttpVersion version = HttpVersion::kHttp11;
};

struct HttpResponse {
  int status = 200;
  std::string reason{};  ///< empty: the usual reason of the status
  Headers headers{};
  std::string body{};
};

/// Collects one head from input that is cut anywhere. A moved-from collector may only be assigned
/// to or destroyed.
class UVSPDY_EXPORT HttpHeadCollector {
 public:
  HttpHeadCollector();
  ~HttpHeadCollector();
  HttpHeadCollector(HttpHeadCollector&&) noexcept;
  HttpHeadCollector& operator=(HttpHeadCollector&&) noexcept;

  /// Takes the bytes of the head from the front of `input`, and leaves those after the head there.
  /// Returns whether the head is complete. Errors: kHeadTooLarge; kBadHead as soon as a byte comes
  /// that no head has: an LF without a CR before it, a CR without an LF after it, NUL and other
  /// control characters.
  Result<bool> take(Bytes& input);

  /// The head, with the empty line at its end; valid once it is complete.
  const std::string& head() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Parse a whole head of HTTP/1.1 or 1.0. Errors: kBadHead; kHeadTooLarge for too many fields.
UVSPDY_EXPORT Result<HttpRequest> parse_request_head(std::string_view head);
UVSPDY_EXPORT Result<HttpResponse> parse_response_head(std::string_view head);

/// Formats a head. Errors: kBadHead for a method, target, header name or value that HTTP/1.1 does
/// not allow (CR, LF and other control characters above all).
UVSPDY_EXPORT Result<std::string> format_request_head(const HttpRequest& request);

/// Formats head and body, with the body's Content-Length and without Transfer-Encoding. An answer
/// of status 1xx, 204 or 304 has neither a body nor a length, whatever `response` has. Errors:
/// kBadHead for a reason, header name or value that HTTP/1.1 does not allow.
UVSPDY_EXPORT Result<std::string> format_response(const HttpResponse& response);

/// The usual reason: "Not Found" for 404; "Unknown" for a status that has none here.
UVSPDY_EXPORT std::string_view reason_of(int status);

/// A response in one line for people: "403 Forbidden: no way". The line is of bounded length and
/// has no control characters; of the body it has the first line, and nothing of HTML. Of a redirect
/// it has the Location, and says that redirects are not followed.
UVSPDY_EXPORT std::string summary(const HttpResponse& response);

}  // namespace uvspdy::httpstream
