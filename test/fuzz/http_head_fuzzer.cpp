// HTTP heads: collected from any pieces, parsed as a request and as a response, and written down
// again. The input: one byte that chooses the cuts, then what a peer sends.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fuzz_input.h"
#include "httpstream/status_has_body.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/httpstream/upgrade.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using httpstream::HttpRequest;
using httpstream::HttpResponse;

struct Collected {
  bool complete = false;
  std::string head;
  std::size_t left = 0;  // bytes behind the head
  Error error;
};

Collected collect(Bytes all, Cuts cuts) {
  Collected result;
  httpstream::HttpHeadCollector collector;
  Bytes rest = all;
  while (!rest.empty() && !result.complete && !result.error) {
    const std::size_t size = cuts.next(rest.size());
    Bytes piece = rest.first(size);
    const Result<bool> taken = collector.take(piece);
    require(piece.size() <= size, "the collector gives bytes back");
    if (!taken) {
      result.error = taken.error();
      break;
    }
    require(*taken || piece.empty(), "the collector wants more and leaves some");
    rest = rest.subspan(size - piece.size());
    result.complete = *taken;
  }
  result.left = rest.size();
  result.head = collector.head();
  require(result.head.size() <= httpstream::kMaxHeadSize, "a head past the limit");
  return result;
}

void check_collected(Bytes all, const Collected& whole, const Collected& cut) {
  require(whole.complete == cut.complete && whole.error.code() == cut.error.code(),
          "whether there is a head depends on the cuts");
  if (!whole.complete) return;
  require(whole.head == cut.head && whole.left == cut.left, "the head depends on the cuts");
  require(whole.head.ends_with("\r\n\r\n"), "a head without its end");
  require(whole.head == text_of(all.first(all.size() - whole.left)), "the head is not the input");
  require(whole.head.find("\r\n\r\n") + 4 == whole.head.size(), "bytes behind the head in it");
  require(std::count(whole.head.begin(), whole.head.end(), '\n') ==
              std::count(whole.head.begin(), whole.head.end(), '\r'),
          "a line that does not end in CR LF");
}

void check_fields(const Headers& headers) {
  require(headers.size() <= httpstream::kMaxHeadFields, "header fields past the limit");
  for (const Headers::Field& field : headers) {
    require(!field.name.empty() && field.value.find_first_of("\r\n") == std::string::npos,
            "a header field that could smuggle another");
  }
}

// What an upgrade does with a request that came in. Its answer is one that a client can read.
void negotiate(const HttpRequest& request) {
  constexpr std::array<std::string_view, 2> kProtocols = {"v4.channel.k8s.io", "v3.channel.k8s.io"};
  (void)httpstream::is_spdy_upgrade_request(request);
  HttpResponse response;
  const Result<std::string> protocol = httpstream::handshake(request, response, kProtocols);
  require(protocol ? *protocol == kProtocols[0] || *protocol == kProtocols[1]
                   : response.status == 400 || response.status == 403,
          "a handshake without a protocol and without a refusal");
  const Result<std::string> wire = httpstream::format_response(response);
  if (!wire) violation("the answer cannot be formatted: " + wire.error().message());
  const std::string head = wire->substr(0, wire->find("\r\n\r\n") + 4);
  const Result<HttpResponse> parsed = httpstream::parse_response_head(head);
  require(parsed && parsed->status == response.status, "the answer does not parse");
}

void check_request(std::string_view head) {
  const Result<HttpRequest> request = httpstream::parse_request_head(head);
  if (!request) {
    require(!request.error().message().empty(), "an error without a text");
    return;
  }
  check_fields(request->headers);
  const Result<std::string> again = httpstream::format_request_head(*request);
  if (!again) violation("a parsed request cannot be formatted: " + again.error().message());
  const Result<HttpRequest> parsed = httpstream::parse_request_head(*again);
  require(parsed && parsed->method == request->method && parsed->target == request->target &&
              parsed->headers == request->headers && parsed->version == request->version,
          "formatting and parsing changes a request");
  negotiate(*request);
}

void check_response(std::string_view head) {
  const Result<HttpResponse> response = httpstream::parse_response_head(head);
  if (!response) {
    require(!response.error().message().empty(), "an error without a text");
    return;
  }
  require(response->status >= 100 && response->status <= 999, "a status of other than 3 digits");
  check_fields(response->headers);
  const Result<std::string> again = httpstream::format_response(*response);
  if (!again) violation("a parsed response cannot be formatted: " + again.error().message());
  const Result<HttpResponse> parsed = httpstream::parse_response_head(*again);
  Headers expected = response->headers;
  expected.remove("Content-Length");
  expected.remove("Transfer-Encoding");
  if (httpstream::status_has_body(response->status)) expected.add("Content-Length", "0");
  if (expected.size() > httpstream::kMaxHeadFields) return;  // ours was one too many
  require(parsed && parsed->status == response->status && parsed->headers == expected,
          "formatting and parsing changes a response");
  require(response->reason.empty() || parsed->reason == response->reason,
          "formatting and parsing changes a reason");
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const fuzz::Cuts cuts(input.u8());
  const fuzz::Collected whole = fuzz::collect(input.rest(), fuzz::Cuts(0));
  fuzz::check_collected(input.rest(), whole, fuzz::collect(input.rest(), cuts));
  // Heads that a collector would not let through are parsed too: an embedder may bring its own.
  const std::string_view head =
      whole.complete ? std::string_view(whole.head) : text_of(input.rest());
  fuzz::check_request(head);
  fuzz::check_response(head);
  return 0;
}
