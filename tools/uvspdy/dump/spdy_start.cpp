#include "spdy_start.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "first_bytes.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::command {
namespace {

constexpr std::uint8_t kControlFrame = 0x80;  // and the high byte of version 3
constexpr std::uint8_t kSpdyVersion = 0x03;

bool names_spdy(const Headers& headers) {
  const auto upgrade = headers.get(httpstream::kHeaderUpgrade);
  return upgrade && to_lower(*upgrade).find(to_lower(httpstream::kSpdy31)) != std::string::npos;
}

}  // namespace

SpdyStart::State SpdyStart::take(Bytes& input) {
  while (state_ == State::kLooking && !input.empty()) {
    if (body_left_ > 0) {
      const auto skipped =
          static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size()));
      input = input.subspan(skipped);
      body_left_ -= skipped;
    } else if (in_head_) {
      take_head(input);
    } else {
      take_first_bytes(input);
    }
  }
  return state_;
}

void SpdyStart::take_first_bytes(Bytes& input) {
  if (held_size_ == 0 && begins_http(input)) {
    in_head_ = true;
    head_ = {};
    return;
  }
  held_[held_size_++] = input.front();
  input = input.subspan(1);
  if (held_size_ < std::size(held_)) return;
  if (begins_tls(held())) return give_up("TLS");
  if (!certain_ && (held_[0] != kControlFrame || held_[1] != kSpdyVersion)) {
    return give_up(seen_.empty() ? "neither SPDY nor HTTP" : seen_);
  }
  state_ = State::kSpdy;
}

void SpdyStart::take_head(Bytes& input) {
  const Result<bool> complete = head_.take(input);
  if (!complete) {
    const bool endless = complete.error().code() == httpstream::Errc::kHeadTooLarge;
    return give_up(endless ? "HTTP with an endless head" : "neither SPDY nor HTTP");
  }
  if (!*complete) return;
  in_head_ = false;
  const std::string& head = head_.head();
  if (begins_http_answer(bytes_of(head))) {
    read_answer(head);
  } else {
    read_request(head);
  }
}

void SpdyStart::read_request(const std::string& head) {
  const Result<httpstream::HttpRequest> request = httpstream::parse_request_head(head);
  if (!request) return give_up("neither SPDY nor HTTP");
  if (httpstream::is_spdy_upgrade_request(*request)) {
    state_ = State::kSpdy;
    return;
  }
  seen_ = "HTTP without an upgrade to SPDY/3.1";
  skip_body(request->headers);
}

void SpdyStart::read_answer(const std::string& head) {
  is_answer_ = true;
  constexpr int kSwitchingProtocols = 101;
  const Result<httpstream::HttpResponse> response = httpstream::parse_response_head(head);
  if (!response) return give_up("neither SPDY nor HTTP");
  if (response->status == kSwitchingProtocols && names_spdy(response->headers)) {
    state_ = State::kSpdy;
    return;
  }
  seen_ = "HTTP without an upgrade to SPDY/3.1 (status " + std::to_string(response->status) + ")";
  if (response->status == kSwitchingProtocols) return give_up("HTTP with another upgrade");
  skip_body(response->headers);
}

void SpdyStart::skip_body(const Headers& headers) {
  if (headers.get("Transfer-Encoding")) return give_up(seen_);
  const std::optional<std::string_view> length = headers.get("Content-Length");
  if (!length) return;
  const auto [end, error] =
      std::from_chars(length->data(), length->data() + length->size(), body_left_);
  if (error != std::errc() || end != length->data() + length->size()) give_up(seen_);
}

void SpdyStart::give_up(std::string seen) {
  state_ = State::kNotSpdy;
  seen_ = std::move(seen);
  head_ = {};
}

}  // namespace uvspdy::command
