#pragma once

#include <cstddef>
#include <cstdint>

#include "fuzz_input.h"
#include "uvspdy/session/options.h"

namespace uvspdy::fuzz {

/// What the first bytes of a session's input choose.
class SessionChoices {
 public:
  enum class End { kDropped, kLost, kAborted, kClosed };

  explicit SessionChoices(FuzzInput& input)
      : flags_(input.u8()), more_(input.u8()), streams_at_start_(input.below(8)) {}

  /// The options; limits are small if so chosen, so that short inputs reach them.
  session::Options options(session::Role role) const;

  bool accepts_streams() const { return has(kAcceptStreams); }
  bool acts_in_handlers() const { return has(kActInHandlers); }
  bool traces() const { return !has(kNoTrace); }
  std::size_t streams_at_start() const { return streams_at_start_; }
  /// What happens once the input is used up.
  End end() const { return static_cast<End>(more_ & 3); }

 private:
  static constexpr std::uint8_t kSmallLimits = 0x01;
  static constexpr std::uint8_t kSpeakFirst = 0x02;
  static constexpr std::uint8_t kAcceptStreams = 0x04;
  static constexpr std::uint8_t kActInHandlers = 0x08;
  static constexpr std::uint8_t kTimers = 0x10;
  static constexpr std::uint8_t kStoredHeaders = 0x20;
  static constexpr std::uint8_t kNoTrace = 0x40;
  static constexpr std::uint8_t kSmallFrames = 0x80;

  bool has(std::uint8_t flag) const { return (flags_ & flag) != 0; }

  std::uint8_t flags_;
  std::uint8_t more_;
  std::size_t streams_at_start_;
};

}  // namespace uvspdy::fuzz
