#include "httpstream/response_reader.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "uvspdy/headers.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

namespace uvspdy::httpstream {
namespace {

constexpr int kMaxInterimAnswers = 16;
constexpr std::string_view kStart = "HTTP/";

// The first byte of a TLS alert: what a TLS server says to a plain request.
constexpr char kTlsAlert = '\x15';

}  // namespace

Result<bool> ResponseReader::take(Bytes& input) {
  while (!head_complete_) {
    const Result<bool> complete = collector_.take(input);
    if (!complete) return complete.error();
    if (Error error = check_start()) return error;
    if (!*complete) return false;
    Result<HttpResponse> response = parse_response_head(collector_.head());
    if (!response) return response.error();
    response_ = std::move(*response);
    if (response_.status >= 200 || response_.status == 101) {
      head_complete_ = true;
    } else {
      if (++interim_answers_ > kMaxInterimAnswers) {
        return Error(Errc::kBadHead,
                     "more than " + std::to_string(kMaxInterimAnswers) + " interim (1xx) answers");
      }
      collector_ = {};
      continue;
    }
    if (ends_http()) return true;
    prepare_body();
  }
  std::string& body = response_.body;
  if (chunked_) return chunked_->take(input, body, body_size_);
  body += text_of(input).substr(0, body_size_ - body.size());
  return body.size() == body_size_;
}

// So that a peer that speaks something else is found out by its first bytes.
Error ResponseReader::check_start() const {
  const std::string_view start = std::string_view(collector_.head()).substr(0, kStart.size());
  if (start == kStart.substr(0, start.size())) return {};
  if (start.front() == kTlsAlert) {
    return Error(Errc::kBadHead, "it answers in TLS: use an https URL");
  }
  return Error(Errc::kBadHead, "the answer does not begin with 'HTTP/'");
}

bool ResponseReader::ends_http() const {
  return switch_ == Switch::k101 ? response_.status == 101
                                 : response_.status >= 200 && response_.status < 300;
}

void ResponseReader::prepare_body() {
  const int status = response_.status;
  if (status < 200 || status == 204 || status == 304) return;
  body_size_ = kMaxErrorBody;
  const auto codings = response_.headers.values("Transfer-Encoding");
  if (!codings.empty()) {
    if (equals_ignoring_case(codings.back(), "chunked")) chunked_.emplace();
    return;
  }
  if (const auto length = response_.headers.get("Content-Length")) {
    std::from_chars(length->data(), length->data() + length->size(), body_size_);
    body_size_ = std::min(body_size_, kMaxErrorBody);
  }
}

namespace {

// What a peer has said, for a line of ours.
std::string shown(std::string text) {
  constexpr std::size_t kShown = 512;
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  return text;
}

}  // namespace

std::string summary(const HttpResponse& response) {
  const std::string reason = shown(response.reason);
  std::string text = shown(response.body.substr(0, response.body.find_first_of("\r\n")));
  if (text.starts_with("<")) text.clear();
  return std::to_string(response.status) + (reason.empty() ? std::string() : " " + reason) +
         (text.empty() ? std::string() : ": " + text);
}

}  // namespace uvspdy::httpstream
