// TLS contexts that loops in several threads share.

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "support/tls_pair.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;
using test::client_context;
using test::IsSuccess;
using test::server_context;
using test::server_options;

TEST_CASE("TLS: contexts that loops in several threads share, and a reload meanwhile") {
  const auto client = client_context();
  const auto server = server_context();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  constexpr int kThreads = 4;
  constexpr int kConnections = 12;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      // Catch's assertions are for one thread: only what a plain loop can count.
      uv_loop_t loop;
      uv_loop_init(&loop);
      int left = kConnections;
      std::unique_ptr<net::Listener> listener;
      std::function<void()> next;
      std::array<std::unique_ptr<net::Transport>, 2> ends;
      const auto done = [&](std::size_t end) {
        return [&, end](Result<std::unique_ptr<net::Transport>> result) {
          if (!result) return;
          ends[end] = std::move(*result);
          if (!ends[0] || !ends[1]) return;
          ++good;
          ends[0].reset();
          ends[1].reset();
          if (--left > 0) return next();
          listener->close();
        };
      };
      auto made = net::Listener::listen_tcp(
          &loop, "127.0.0.1", 0, [&](std::unique_ptr<net::Transport> transport) {
            net::tls_accept(std::move(transport), server, test::kDeadline, done(0));
          });
      if (!made) return;
      listener = std::move(*made);
      next = [&] {
        net::connect_tcp(&loop, "127.0.0.1", listener->port(), test::kDeadline,
                         [&](Result<std::unique_ptr<net::Transport>> result) {
                           if (!result) return;
                           net::tls_connect(std::move(*result), client, "localhost",
                                            test::kDeadline, done(1));
                         });
      };
      next();
      uv_run(&loop, UV_RUN_DEFAULT);
      if (uv_loop_close(&loop) != 0) good -= 1000;
    });
  }
  for (int i = 0; i < 20; ++i) CHECK_THAT(server->reload(server_options()), IsSuccess());
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kThreads * kConnections);
}
