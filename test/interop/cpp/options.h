#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/headers.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::interop {

struct Options {
  session::Options session;
  std::vector<wire::HeaderCompression> compressions;  // one connection after another
  std::uint64_t streams = 1;
  std::uint64_t bytes = 0;
  std::uint64_t count = 1;
  bool http = false;  // spdy-transport takes no stream without HTTP's headers
  std::chrono::seconds timeout{60};
  std::string target;
};

/// The options of the connection with this number, counted from 0.
inline httpstream::ConnectionOptions connection_options(const Options& options,
                                                        std::uint64_t number) {
  httpstream::ConnectionOptions result;
  result.session = options.session;
  if (!options.compressions.empty()) {
    result.session.compression = options.compressions[number % options.compressions.size()];
  }
  return result;
}

/// For messages.
inline std::string_view name_of(session::PeerFlowControl peer) {
  switch (peer) {
    case session::PeerFlowControl::kUnknown: return "flow control unknown";
    case session::PeerFlowControl::kWindows: return "windows";
    case session::PeerFlowControl::kNone: return "no windows";
  }
  return "";
}

/// Headers without which spdy-transport takes no stream. A GET would be half-closed from the start.
inline Headers request_headers() {
  return {{":method", "POST"},
          {":path", "/"},
          {":version", "HTTP/1.1"},
          {":host", "127.0.0.1"},
          {":scheme", "http"}};
}

/// And those without which it takes no reply.
inline Headers reply_headers() { return {{":status", "200 OK"}, {":version", "HTTP/1.1"}}; }

}  // namespace uvspdy::interop
