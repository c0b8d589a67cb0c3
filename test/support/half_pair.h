#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/raw_peer.h"
#include "support/spdy_pair.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"

namespace uvspdy::test {

/// A connection whose peer is played by hand, with frames, and has no flow control.
struct HalfPair {
  std::shared_ptr<httpstream::Connection> connection;
  std::unique_ptr<RawPeer> peer;
  FrameWriter writer;

  HalfPair(TestLoop& loop, session::Role role,
           httpstream::ConnectionOptions options = patient_options())
      : loop_(loop) {
    TcpPair tcp(loop);
    options.session.flow_control = session::FlowControl::kNone;
    connection = httpstream::Connection::create(std::move(tcp.client), role, std::move(options));
    peer = std::make_unique<RawPeer>(std::move(tcp.server));
    peer->start_reading();
  }

  /// A stream of the connection's, which the peer accepts; `id` is the one that it will have.
  std::shared_ptr<httpstream::Stream> stream(wire::StreamId id = 1) {
    std::shared_ptr<httpstream::Stream> stream;
    connection->create_stream({}, [&stream](Result<std::shared_ptr<httpstream::Stream>> created) {
      CHECK_THAT(created, IsSuccess());
      if (created) stream = std::move(*created);
    });
    const std::string syn_stream = "SYN_STREAM " + std::to_string(id) + " ";
    REQUIRE(loop_.run_until([&] {
      const Lines lines = frames();
      return std::any_of(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.starts_with(syn_stream); });
    }));
    send(wire::SynReplyFrame{.stream_id = id});
    REQUIRE(loop_.run_until([&stream] { return stream != nullptr; }));
    return stream;
  }

  template <class Frame>
  void send(const Frame& frame) {
    peer->send(writer.bytes(frame));
  }

  /// Every frame that has come from the connection.
  Lines frames() const { return FrameReader().read(bytes_of(peer->received())); }

 private:
  TestLoop& loop_;
};

}  // namespace uvspdy::test
