#pragma once

#include <cstdint>
#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/httpstream/http_head.h"

namespace uvspdy::command {

/// Finds where SPDY begins in the bytes of one side of a connection: at the start, or after the
/// HTTP/1.1 upgrade, which other requests and answers (CONNECT, a 401) may precede.
class SpdyStart {
 public:
  enum class State { kLooking, kSpdy, kNotSpdy };

  /// `certain`: bytes that are neither HTTP nor TLS are taken for SPDY, as in a recording of one
  /// side. Otherwise SPDY must begin with a control frame.
  explicit SpdyStart(bool certain) : certain_(certain) {}

  /// Removes the bytes before SPDY from the front of `input`. Once the state is kSpdy, the first
  /// frame begins with `held()`, followed by the rest of `input`.
  State take(Bytes& input);

  State state() const { return state_; }

  /// The first bytes of the first frame, which were needed to recognise it.
  Bytes held() const { return Bytes(held_).first(held_size_); }

  /// Whether an HTTP answer was found, so that this is the server's side.
  bool is_answer() const { return is_answer_; }

  /// A description of what was found in place of SPDY.
  const std::string& seen() const { return seen_; }

 private:
  void take_first_bytes(Bytes& input);
  void take_head(Bytes& input);
  void read_request(const std::string& head);
  void read_answer(const std::string& head);
  void skip_body(const Headers& headers);
  void give_up(std::string seen);

  bool certain_;
  State state_ = State::kLooking;
  bool in_head_ = false;
  bool is_answer_ = false;
  httpstream::HttpHeadCollector head_;
  std::uint64_t body_left_ = 0;  // of an HTTP message, still to be skipped
  std::uint8_t held_[2] = {};
  std::size_t held_size_ = 0;
  std::string seen_;
};

}  // namespace uvspdy::command
