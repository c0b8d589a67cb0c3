#include "httpstream/response_reader.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "httpstream/status_has_body.h"
#include "net/first_bytes.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::size_t kSmallBody = 128 * 1024;
constexpr std::size_t kLargestReserve = 4 * 1024 * 1024;

}  // namespace

Result<bool> ResponseReader::take(Bytes& input) {
  while (!head_complete_) {
    const Result<bool> complete = collector_.take(input);
    if (Error error = check_start()) return error;
    if (!complete) return complete.error();
    if (!*complete) return false;
    Result<HttpResponse> response = parse_response_head(collector_.head());
    if (!response) return response.error();
    response_ = std::move(*response);
    if (response_.status >= 200 || response_.status == 101) {
      head_complete_ = true;
    } else {
      if (Error error = count_interim()) return error;
      collector_ = {};
      continue;
    }
    if (ends_http()) return true;
    prepare_body();
  }
  return take_body(input);
}

Error ResponseReader::count_interim() {
  interim_size_ += collector_.head().size();
  if (++interim_answers_ > kMaxInterimAnswers) {
    return Error(Errc::kHeadTooLarge,
                 "more than " + std::to_string(kMaxInterimAnswers) + " interim (1xx) answers");
  }
  if (interim_size_ > kMaxHeadSize) {
    return Error(Errc::kHeadTooLarge, "the heads of interim (1xx) answers are longer than " +
                                          std::to_string(kMaxHeadSize) + " bytes together");
  }
  return {};
}

bool ResponseReader::take_body(Bytes input) {
  std::string& body = response_.body;
  // A body that grows step by step leaves its smaller buffers in the heap, which are as much again.
  // What is reserved and not filled is no memory of the machine's.
  if (body.size() + input.size() > kSmallBody) body.reserve(std::min(body_size_, kLargestReserve));
  if (chunked_) {
    const ChunkedBody::State state = chunked_->take(input, body, body_limit_);
    too_long_ = state == ChunkedBody::State::kTooLong;
    return state != ChunkedBody::State::kOpen;
  }
  const std::string_view text = text_of(input);
  const std::size_t room = body_size_ - body.size();
  body += text.substr(0, room);
  if (length_) return body.size() == body_size_;
  too_long_ = text.size() > room;
  return too_long_;
}

// Finds a peer that uses another protocol by its first bytes.
Error ResponseReader::check_start() const {
  const Bytes start = bytes_of(collector_.head());
  if (start.empty() || net::begins_http_answer(start)) return {};
  if (net::begins_tls(start)) {
    return Error(Errc::kBadHead, "it answers in TLS: use an https URL");
  }
  return Error(Errc::kBadHead, "the answer does not begin with 'HTTP/'");
}

bool ResponseReader::ends_http() const {
  switch (switch_) {
    case Switch::k101: return response_.status == 101;
    case Switch::k2xx: return response_.status >= 200 && response_.status < 300;
    case Switch::kNever: return false;
  }
  return false;
}

void ResponseReader::prepare_body() {
  if (!status_has_body(response_.status)) {
    length_ = 0;
    return;
  }
  body_size_ = body_limit_;
  const auto codings = response_.headers.values("Transfer-Encoding");
  if (!codings.empty()) {
    if (equals_ignoring_case(codings.back(), "chunked")) chunked_.emplace();
    // Compression, which was not asked for; or a version that has no codings.
    bad_framing_ = !chunked_ || codings.size() > 1 || collector_.head().starts_with("HTTP/1.0");
    return;
  }
  const auto lengths = response_.headers.values("Content-Length");
  if (lengths.empty()) return;
  std::uint64_t length = 0;
  const char* last = lengths.front().data() + lengths.front().size();
  const auto [end, error] = std::from_chars(lengths.front().data(), last, length);
  bad_framing_ = error != std::errc() || end != last || lengths.size() > 1;
  if (error != std::errc()) return;
  length_ = length;
  too_long_ = length > body_limit_;
  body_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(length, body_limit_));
}

Error ResponseReader::incomplete() const {
  if (bad_framing_) {
    return Error(Errc::kBadBody, "the answer's Content-Length or Transfer-Encoding makes no sense");
  }
  if (too_long_) {
    return Error(Errc::kBadBody,
                 "the answer's body is longer than " + std::to_string(body_limit_) + " bytes");
  }
  if (chunked_ && chunked_->state() != ChunkedBody::State::kComplete) {
    return Error(Errc::kBadBody, "the answer's body has a malformed chunk");
  }
  return {};
}

}  // namespace uvspdy::httpstream
