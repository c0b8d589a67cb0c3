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

/// Numbers about a whole capture.
struct CaptureSummary {
  std::uint64_t packets = 0;
  std::uint64_t cut_short = 0;  ///< packets that were not captured completely
  std::uint64_t fragments = 0;  ///< fragments of IP packets, which are left out
};

/// Called for each TCP segment. Times are in nanoseconds: since 1970, and since the first packet.
using SegmentHandler = Callback<void(const TcpSegment&, std::int64_t, std::int64_t)>;

/// Reads a packet capture to its end. Fills `summary`, which is valid after a failure, too.
///
/// Errors: libpcap's, a link layer that is not supported, and not_supported if uvspdy was built
/// without libpcap.
Error read_packet_capture(File file, const SegmentHandler& on_segment, CaptureSummary& summary);

}  // namespace uvspdy::command
