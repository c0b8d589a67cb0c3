#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "tcp_segment.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// What there is to say of a capture as a whole.
struct CaptureSummary {
  std::uint64_t packets = 0;
  std::uint64_t cut_short = 0;  ///< packets that were not captured to their end
  std::uint64_t fragments = 0;  ///< of IP packets; they are left out
};

/// Called for each TCP segment. Times are in nanoseconds: since 1970, and since the first packet.
using SegmentHandler = Callback<void(const TcpSegment&, std::int64_t, std::int64_t)>;

/// Reads a packet capture to its end and counts into `summary`, which holds on failure too.
///
/// Errors: what libpcap says of the file, a link layer that is not known here, and
/// not_supported when uvspdy was built without libpcap.
Error read_packet_capture(File file, const SegmentHandler& on_segment, CaptureSummary& summary);

}  // namespace uvspdy::command
