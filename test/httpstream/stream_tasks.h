#pragma once

// Tasks that make one call of a co::Stream, and keep what it says.

#include <optional>
#include <string>
#include <utility>

#include "support/coroutine_pair.h"

namespace uvspdy::test {

/// What `read_all` has read, and why it stopped: the end, or an error.
struct AllRead {
  std::string text;
  Error error;
  int pieces = 0;
};

inline co::Task<> read_all(co::Stream& stream, std::optional<AllRead>& result) {
  AllRead all;
  for (;;) {
    const Result<Buffer> piece = co_await stream.read();
    if (!piece) {
      all.error = piece.error();
      break;
    }
    if (piece->empty()) break;
    all.text += text_of(piece->bytes());
    ++all.pieces;
  }
  result = std::move(all);
}

inline co::Task<> read_one(co::Stream& stream, std::optional<Result<Buffer>>& result) {
  result.emplace(co_await stream.read());
}

inline co::Task<> write(co::Stream& stream, std::string text, std::optional<Error>& result) {
  result = co_await stream.write(Buffer(std::move(text)));
}

inline co::Task<> close(co::Stream& stream, std::optional<Error>& result) {
  result = co_await stream.close();
}

inline co::Task<> closed(co::Stream& stream, std::optional<Error>& result) {
  result = co_await stream.closed();
}

inline std::string text_of_result(const std::optional<Result<Buffer>>& result) {
  if (!result || !*result) return "no data";
  return std::string(text_of((*result)->bytes()));
}

}  // namespace uvspdy::test
