#pragma once

#include <cstddef>

// Sizes inside control frames (section 2.6).

namespace uvspdy::wire {

// Sizes of the part before the header block.
inline constexpr std::size_t kSynStreamFixedPart = 10;
inline constexpr std::size_t kReplyFixedPart = 4;  // of SYN_REPLY and HEADERS

inline constexpr std::size_t kSettingsFixedPart = 4;
inline constexpr std::size_t kSettingsEntry = 8;

}  // namespace uvspdy::wire
