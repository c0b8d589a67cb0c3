#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "httpstream/chunked_body.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"

namespace uvspdy::httpstream {

/// Reads the answer to one request from input that may be cut anywhere. Interim answers are
/// skipped; of a body at most a limit is kept. A body of exactly that size is whole.
class ResponseReader {
 public:
  /// The status after which the connection carries no more HTTP.
  enum class Switch {
    k101,  ///< the answer to an upgrade
    k2xx,  ///< the answer to CONNECT
    kNever,
  };

  explicit ResponseReader(Switch switch_status, std::size_t body_limit = kMaxErrorBody)
      : switch_(switch_status), body_limit_(body_limit) {}

  /// Takes bytes from the front of `input`. Returns true when the answer is complete, or cannot
  /// become complete: see incomplete(). After an answer that ends HTTP, the bytes after its head
  /// stay in `input`. Errors: kBadHead, as soon as the input cannot be an answer; kHeadTooLarge.
  Result<bool> take(Bytes& input);

  /// Whether HTTP has ended on the connection.
  bool switched() const { return head_complete_ && ends_http(); }

  /// The answer, as far as it has come.
  HttpResponse& response() { return response_; }
  /// Whether the head is complete; the body may have been cut off.
  bool head_complete() const { return head_complete_; }
  /// Whether the body has neither length nor chunks, so that it ends with the connection.
  bool ends_with_connection() const { return !chunked_ && !length_; }
  /// After the answer: success if the body is whole, else kBadBody.
  Error incomplete() const;

 private:
  Error check_start() const;
  bool ends_http() const;
  Error count_interim();
  void prepare_body();
  bool take_body(Bytes input);

  Switch switch_;
  std::size_t body_limit_;
  HttpHeadCollector collector_;
  int interim_answers_ = 0;
  std::size_t interim_size_ = 0;
  bool head_complete_ = false;
  HttpResponse response_;
  std::size_t body_size_ = 0;  // the most bytes of it that are kept
  std::optional<std::uint64_t> length_;
  bool bad_framing_ = false;
  bool too_long_ = false;
  std::optional<ChunkedBody> chunked_;
};

}  // namespace uvspdy::httpstream
