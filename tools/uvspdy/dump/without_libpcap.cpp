#include <system_error>

#include "packet_capture.h"

namespace uvspdy::command {

Error read_packet_capture(File, const SegmentHandler&, CaptureSummary&) {
  return Error(std::make_error_code(std::errc::not_supported),
               "reading packet captures needs libpcap, and this uvspdy was built without "
               "it (install libpcap-dev and build again)");
}

}  // namespace uvspdy::command
