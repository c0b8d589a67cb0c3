#include "uvspdy/httpstream/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/control_character.h"
#include "core/trimmed.h"
#include "httpstream/status_has_body.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/printable.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

Error bad_head(std::string what) { return Error(Errc::kBadHead, std::move(what)); }

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// Anything but control characters; a tab may stand between words.
bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

bool is_target(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

// Takes one line off the front, without its CR LF.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return true;
}

std::optional<HttpVersion> version_of(std::string_view text) {
  if (text == "HTTP/1.1") return HttpVersion::kHttp11;
  if (text == "HTTP/1.0") return HttpVersion::kHttp10;
  return std::nullopt;
}

// Checks the bytes of a head from position `from` on, so that a client that ends lines with LF
// alone is not left waiting for the end of its head.
Error check_bytes(std::string_view head, std::size_t from) {
  for (std::size_t i = from; i < head.size(); ++i) {
    const char c = head[i];
    const bool after_cr = i > 0 && head[i - 1] == '\r';
    const bool plain = !is_control(c) || c == '\t' || c == '\r' || c == '\n';
    if (after_cr == (c == '\n') && plain) continue;
    const auto line =
        1 + std::count(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(i), '\n');
    const std::string where = "line " + std::to_string(line) + " of the head ";
    if (after_cr) return bad_head(where + "has a CR without an LF after it");
    if (c == '\n') return bad_head(where + "ends in LF alone: lines end in CR LF");
    return bad_head(where + "contains a control character");
  }
  return {};
}

Result<Headers> parse_fields(std::string_view text) {
  Headers headers;
  std::string_view line;
  while (take_line(text, line)) {
    if (line.empty()) {
      if (!text.empty()) return bad_head("bytes behind the end of the head");
      return headers;
    }
    const std::string where = "header line " + std::to_string(headers.size() + 1);
    if (headers.size() == kMaxHeadFields) {
      return Error(Errc::kHeadTooLarge,
                   "more than " + std::to_string(kMaxHeadFields) + " header fields");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return bad_head(where + " has no colon");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1), " \t");
    if (!is_token(name)) return bad_head(where + ": the name is not a token");
    if (!is_field_value(value)) return bad_head(where + ": a control character in the value");
    headers.add(name, value);
  }
  return bad_head("the head has no end");
}

Result<std::string> format_fields(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return bad_head("'" + std::string(name) + "' is no header name");
    if (!is_field_value(value)) {
      return bad_head("the value of header '" + std::string(name) +
                      "' contains a control character");
    }
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text + "\r\n";
}

// The most bytes of a peer's text in a line of ours.
constexpr std::size_t kShown = 512;
constexpr std::size_t kShownLocation = 256;

// 304 names no other place.
bool is_redirect(int status) { return status >= 300 && status < 400 && status != 304; }

}  // namespace

class UVSPDY_LOCAL HttpHeadCollector::Impl {
 public:
  std::string head;
};

HttpHeadCollector::HttpHeadCollector() : impl_(std::make_unique<Impl>()) {}
HttpHeadCollector::~HttpHeadCollector() = default;
HttpHeadCollector::HttpHeadCollector(HttpHeadCollector&&) noexcept = default;
HttpHeadCollector& HttpHeadCollector::operator=(HttpHeadCollector&&) noexcept = default;

const std::string& HttpHeadCollector::head() const { return impl_->head; }

Result<bool> HttpHeadCollector::take(Bytes& input) {
  std::string& head = impl_->head;
  const std::size_t before = head.size();
  const std::string_view piece = text_of(input).substr(0, kMaxHeadSize - before);
  head += piece;
  // The end may begin in the bytes of an earlier call.
  const std::size_t from = before < kHeadEnd.size() ? 0 : before - (kHeadEnd.size() - 1);
  const std::size_t end = head.find(kHeadEnd, from);
  if (end != std::string::npos) head.resize(end + kHeadEnd.size());
  if (Error error = check_bytes(head, before)) return error;
  if (end != std::string::npos) {
    input = input.subspan(head.size() - before);
    return true;
  }
  if (head.size() == kMaxHeadSize) {
    return Error(Errc::kHeadTooLarge,
                 "the head is longer than " + std::to_string(kMaxHeadSize) + " bytes");
  }
  input = input.subspan(piece.size());
  return false;
}

Result<HttpRequest> parse_request_head(std::string_view head) {
  std::string_view line;
  if (!take_line(head, line)) return bad_head("the request line has no end");
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return bad_head("the request line is not 'METHOD TARGET HTTP/1.1'");
  }
  HttpRequest request;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  if (!is_token(request.method)) return bad_head("the method is not a token");
  if (!is_target(request.target))
    return bad_head("the request target contains a space or a control character");
  const auto version = version_of(line.substr(last + 1));
  if (!version) return bad_head("the version is not HTTP/1.1");
  request.version = *version;
  Result<Headers> headers = parse_fields(head);
  if (!headers) return headers.error();
  request.headers = std::move(*headers);
  return request;
}

Result<HttpResponse> parse_response_head(std::string_view head) {
  std::string_view line;
  if (!take_line(head, line)) return bad_head("the status line has no end");
  // "HTTP/1.1 101 Switching Protocols"; the reason may be empty, and some leave out its space.
  const std::string_view code = line.substr(std::min<std::size_t>(line.size(), 9), 3);
  HttpResponse response;
  const auto [end, error] =
      std::from_chars(code.data(), code.data() + code.size(), response.status);
  if (line.size() < 12 || !version_of(line.substr(0, 8)) || line[8] != ' ' ||
      error != std::errc() || end != code.data() + code.size() || response.status < 100 ||
      (line.size() > 12 && line[12] != ' ')) {
    return bad_head("the status line is not 'HTTP/1.1 CODE REASON'");
  }
  response.reason = line.substr(std::min<std::size_t>(line.size(), 13));
  if (!is_field_value(response.reason)) return bad_head("a control character in the reason");
  Result<Headers> headers = parse_fields(head);
  if (!headers) return headers.error();
  response.headers = std::move(*headers);
  return response;
}

Result<std::string> format_request_head(const HttpRequest& request) {
  if (!is_token(request.method)) return bad_head("'" + request.method + "' is no method");
  if (!is_target(request.target)) {
    return bad_head("the request target is empty or contains a space or a control character");
  }
  Result<std::string> fields = format_fields(request.headers);
  if (!fields) return fields.error();
  const char* const version = request.version == HttpVersion::kHttp11 ? " HTTP/1.1" : " HTTP/1.0";
  return request.method + " " + request.target + version + "\r\n" + *fields;
}

Result<std::string> format_response(const HttpResponse& response) {
  if (!is_field_value(response.reason)) return bad_head("the reason contains a control character");
  Headers headers = response.headers;
  const bool has_body = status_has_body(response.status);
  headers.remove("Transfer-Encoding");  // the body is sent as it is
  headers.remove("Content-Length");
  if (has_body) headers.add("Content-Length", std::to_string(response.body.size()));
  Result<std::string> fields = format_fields(headers);
  if (!fields) return fields.error();
  const std::string reason =
      response.reason.empty() ? std::string(reason_of(response.status)) : response.reason;
  return "HTTP/1.1 " + std::to_string(response.status) + " " + reason + "\r\n" + *fields +
         (has_body ? response.body : std::string());
}

std::string_view reason_of(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 14> kReasons = {{
      {101, "Switching Protocols"},
      {200, "OK"},
      {204, "No Content"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
  }};
  for (const auto& [code, reason] : kReasons) {
    if (code == status) return reason;
  }
  return "Unknown";
}

std::string summary(const HttpResponse& response) {
  const std::string reason = printable(response.reason, kShown);
  const std::string_view body = response.body;
  std::string text = printable(body.substr(0, body.find_first_of("\r\n")), kShown);
  if (text.starts_with("<")) text.clear();
  std::string line =
      std::to_string(response.status) + (reason.empty() ? std::string() : " " + reason);
  const auto location = response.headers.get("Location");
  if (location && is_redirect(response.status)) {
    line +=
        " (redirects are not followed; it names '" + printable(*location, kShownLocation) + "')";
  }
  return text.empty() ? line : line + ": " + text;
}

}  // namespace uvspdy::httpstream
