#pragma once

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"

namespace uvspdy::test {

/// Options of a connection that never gives up waiting, so that what should not wait and does
/// fails its test.
inline httpstream::ConnectionOptions patient_options() {
  httpstream::ConnectionOptions options;
  options.close_timeout = std::chrono::hours(1);
  return options;
}

/// Two connections joined by TCP over loopback. Streams that one side creates are kept by the
/// other: accepted, unless the test has set another handler.
struct SpdyPair {
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  struct Side {
    std::shared_ptr<httpstream::Connection> connection;
    std::vector<StreamPtr> streams;  ///< those that the other side has created
    httpstream::NewStreamHandler on_new_stream;
  };

  Side client;
  Side server;

  explicit SpdyPair(TestLoop& loop,
                    httpstream::ConnectionOptions client_options = patient_options(),
                    httpstream::ConnectionOptions server_options = patient_options())
      : loop_(loop) {
    TcpPair tcp(loop);
    start(client, session::Role::kClient, std::move(tcp.client), std::move(client_options));
    start(server, session::Role::kServer, std::move(tcp.server), std::move(server_options));
  }
  SpdyPair(const SpdyPair&) = delete;
  SpdyPair& operator=(const SpdyPair&) = delete;

  /// Creates a stream on one side and runs the loop until both have it: the creator's end, then
  /// the other's.
  std::pair<StreamPtr, StreamPtr> stream(Side& from, Headers headers = {}) {
    Side& to = &from == &client ? server : client;
    const std::size_t before = to.streams.size();
    StreamPtr created;
    from.connection->create_stream(std::move(headers), [&created](Result<StreamPtr> stream) {
      CHECK_THAT(stream, IsSuccess());
      if (stream) created = std::move(*stream);
    });
    REQUIRE(loop_.run_until([&] { return created && to.streams.size() > before; }));
    return {created, to.streams.back()};
  }
  std::pair<StreamPtr, StreamPtr> stream() { return stream(client); }

  /// Whether a stream of the client's still gets through to the server.
  [[nodiscard]] bool stream_is_possible() {
    server.on_new_stream = {};
    return stream().first != nullptr;
  }

  /// Closes the client's side and runs the loop until nothing is left to do.
  [[nodiscard]] bool close() {
    client.connection->close();
    return loop_.run_out();
  }

 private:
  static void start(Side& side, session::Role role, std::unique_ptr<net::Transport> transport,
                    httpstream::ConnectionOptions options) {
    side.connection =
        httpstream::Connection::create(std::move(transport), role, std::move(options));
    side.connection->on_new_stream([&side](StreamPtr stream, httpstream::StreamDecision decision) {
      if (side.on_new_stream) return side.on_new_stream(std::move(stream), std::move(decision));
      side.streams.push_back(std::move(stream));
      decision.accept();
    });
  }

  TestLoop& loop_;
};

}  // namespace uvspdy::test
