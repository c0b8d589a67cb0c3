#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/session_driver.h"

namespace uvspdy::test {

/// A client and a server, and a pipe between them that carries everything at once.
struct JoinedSessions {
  SessionDriver client;
  SessionDriver server;

  explicit JoinedSessions(session::Options client_options, session::Options server_options)
      : client(session::Role::kClient, std::move(client_options)),
        server(session::Role::kServer, std::move(server_options)) {}

  /// A stream of the client's that the server has accepted.
  wire::StreamId stream() {
    const wire::StreamId id = client.create();
    run();
    REQUIRE_THAT(server.session.reply(id, {}), IsSuccess());
    run();
    client.told();
    server.told();
    return id;
  }

  /// Carries bytes until neither side has more to send or to tell. What a side does not want to
  /// read waits for the next call.
  void run() {
    for (bool moved = true; moved;) {
      client.turn();
      server.turn();
      const bool up = carry(client, server, to_server_);
      const bool down = carry(server, client, to_client_);
      moved = up || down;
    }
  }

 private:
  static bool carry(SessionDriver& from, SessionDriver& to, std::vector<std::uint8_t>& waiting) {
    const std::vector<std::uint8_t> more = from.take_output();
    waiting.insert(waiting.end(), more.begin(), more.end());
    if (waiting.empty() || !to.session.wants_input()) return false;
    constexpr std::size_t kRead = 64 * 1024;
    const std::size_t count = std::min(waiting.size(), kRead);
    const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<std::uint8_t> piece(waiting.begin(), end);
    waiting.erase(waiting.begin(), end);
    to.receive_bytes(piece);
    return true;
  }

  std::vector<std::uint8_t> to_server_;
  std::vector<std::uint8_t> to_client_;
};

}  // namespace uvspdy::test
