#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "httpstream/chunked_body.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_head.h"

namespace uvspdy::httpstream {

/// Reads the answer to one request from input that may be cut anywhere: interim answers are
/// skipped, and of a body no more than kMaxErrorBody is kept.
class ResponseReader {
 public:
  /// Which status ends HTTP on the connection.
  enum class Switch {
    k101,  ///< the answer to an upgrade
    k2xx,  ///< the answer to CONNECT
  };

  explicit ResponseReader(Switch switch_status) : switch_(switch_status) {}

  /// Takes bytes from the front of `input`. Returns whether the answer is complete; what is
  /// behind the head of an answer that ends HTTP stays in `input`.
  /// Errors: kBadHead, as soon as it cannot become an answer any more; kHeadTooLarge.
  Result<bool> take(Bytes& input);

  /// Whether HTTP has ended on the connection.
  bool switched() const { return head_complete_ && ends_http(); }

  /// The answer, as far as it has come.
  HttpResponse& response() { return response_; }
  /// Whether its head has come whole; the body may have been cut off.
  bool head_complete() const { return head_complete_; }

 private:
  Error check_start() const;
  bool ends_http() const;
  void prepare_body();

  Switch switch_;
  HttpHeadCollector collector_;
  int interim_answers_ = 0;
  bool head_complete_ = false;
  HttpResponse response_;
  std::size_t body_size_ = 0;  // the most that is read of it
  std::optional<ChunkedBody> chunked_;
};

/// "403 Forbidden: no way", one line for people, of bounded length. A page of HTML is left out.
std::string summary(const HttpResponse& response);

}  // namespace uvspdy::httpstream
