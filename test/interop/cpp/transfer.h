#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/httpstream/stream_writer.h"

namespace uvspdy::interop {

/// What the receiver of a whole upload answers.
constexpr std::string_view kReceived = "ok";

/// Sends a stream's pattern, then its end, as fast as the peer takes it. It lives until all of it
/// has left, or the stream has broken off.
class PatternSender : public std::enable_shared_from_this<PatternSender> {
 public:
  static void start(httpstream::StreamWriter writer, std::uint32_t index, std::uint64_t bytes);

  PatternSender(httpstream::StreamWriter writer, std::uint32_t index, std::uint64_t bytes)
      : writer_(std::move(writer)), index_(index), bytes_(bytes) {}

 private:
  void send();

  httpstream::StreamWriter writer_;
  std::uint32_t index_;
  std::uint64_t bytes_;
  std::uint64_t sent_ = 0;
  BufferPool pool_{64 * 1024, 16};
};

/// Compares what comes on a stream with its pattern.
class PatternCheck {
 public:
  PatternCheck(std::uint32_t index, std::uint64_t bytes) : index_(index), bytes_(bytes) {}

  /// What is wrong with the next bytes; empty when nothing is.
  std::string receive(Bytes bytes);

  bool complete() const { return received_ == bytes_; }
  std::uint64_t received() const { return received_; }

  /// How far it is, for messages.
  std::string progress() const;

 private:
  std::uint32_t index_;
  std::uint64_t bytes_;
  std::uint64_t received_ = 0;
  std::vector<std::uint8_t> expected_;
};

}  // namespace uvspdy::interop
