#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/httpstream/stream.h"

namespace uvspdy::interop {

/// What the receiver of a whole upload answers.
constexpr std::string_view kReceived = "ok";

/// Sends a stream's pattern, then its end, as fast as the peer takes it.
class PatternSender : public std::enable_shared_from_this<PatternSender> {
 public:
  PatternSender(httpstream::Stream& stream, std::uint32_t index, std::uint64_t bytes)
      : stream_(stream), index_(index), bytes_(bytes) {}

  /// Keeps itself alive by the stream's handlers.
  void start();

 private:
  void send();

  httpstream::Stream& stream_;
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
