#include "packet_capture.h"

#include <pcap/pcap.h>

#include <array>
#include <optional>
#include <system_error>

namespace uvspdy::command {
namespace {

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};

std::optional<LinkLayer> link_layer(int type) {
  switch (type) {
    case DLT_EN10MB: return LinkLayer::kEthernet;
    case DLT_LINUX_SLL: return LinkLayer::kLinuxCooked;
    case DLT_LINUX_SLL2: return LinkLayer::kLinuxCooked2;
    case DLT_NULL:
    case DLT_LOOP: return LinkLayer::kFamily;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6: return LinkLayer::kNone;
    default: return std::nullopt;
  }
}

std::string name_of_link(int type) {
  const char* name = pcap_datalink_val_to_name(type);
  return name != nullptr ? name : std::to_string(type);
}

Error bad_file(const std::string& what) {
  return Error(std::make_error_code(std::errc::illegal_byte_sequence), what);
}

}  // namespace

Error read_packet_capture(File file, const SegmentHandler& on_segment, CaptureSummary& summary) {
  std::array<char, PCAP_ERRBUF_SIZE> problem{};
  const std::unique_ptr<pcap_t, ClosePcap> pcap(pcap_fopen_offline_with_tstamp_precision(
      file.get(), PCAP_TSTAMP_PRECISION_NANO, problem.data()));
  if (!pcap) return bad_file(problem.data());
  (void)file.release();  // pcap_close closes it

  const int link_type = pcap_datalink(pcap.get());
  const std::optional<LinkLayer> link = link_layer(link_type);
  if (!link) {
    return bad_file("packets of link type " + name_of_link(link_type) +
                    " cannot be read; Ethernet, Linux cooked, loopback and raw IP can");
  }
  std::int64_t first_time = 0;
  for (;;) {
    pcap_pkthdr* head = nullptr;
    const u_char* data = nullptr;
    const int result = pcap_next_ex(pcap.get(), &head, &data);
    if (result == PCAP_ERROR_BREAK) return {};
    if (result != 1) return bad_file(pcap_geterr(pcap.get()));

    constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
    const std::int64_t time = head->ts.tv_sec * kNanosecondsPerSecond + head->ts.tv_usec;
    if (summary.packets++ == 0) first_time = time;
    if (head->caplen < head->len) ++summary.cut_short;
    bool is_fragment = false;
    const auto segment = find_tcp_segment(*link, Bytes(data, head->caplen), is_fragment);
    if (is_fragment) ++summary.fragments;
    if (segment) on_segment(*segment, time, time - first_time);
  }
}

}  // namespace uvspdy::command
