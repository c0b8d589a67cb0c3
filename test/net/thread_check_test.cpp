// A call from a wrong thread ends the process with a text that names the object and the threads.

#include "net/thread_check.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "support/connected_pair.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "support/wrong_thread.h"
#include "uvspdy/net/post.h"
#include "uvspdy/net/timer.h"

using namespace uvspdy;
using test::IsSuccess;
using test::kThreadsAreChecked;
using test::says;
using test::says_when_called_elsewhere;
using test::TestLoop;

TEST_CASE("wrong thread: Timer, Wakeup and Poster say who they are") {
  if (!kThreadsAreChecked) SKIP_TEST("built with NDEBUG: threads are not checked");
  TestLoop loop;
  auto timer = std::make_unique<net::Timer>(loop.get(), nullptr);
  auto wakeup = std::make_unique<net::Wakeup>(loop.get(), nullptr);
  auto poster = net::Poster::create(loop.get());
  REQUIRE_THAT(poster, IsSuccess());
  CHECK(says("a Timer", [&] { timer->start(std::chrono::milliseconds(1)); }));
  CHECK(says("a Timer", [&] { timer->stop(); }));
  CHECK(says("a Timer", [&] { timer.reset(); }));
  CHECK(says("a Wakeup", [&] { wakeup->schedule(); }));
  CHECK(says("a Wakeup", [&] { wakeup->cancel(); }));
  CHECK(says("a Wakeup", [&] { wakeup.reset(); }));
  CHECK(says("a Poster", [&] { (*poster)->close(); }));
  (*poster)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("wrong thread: Transports name their peer") {
  if (!kThreadsAreChecked) SKIP_TEST("built with NDEBUG: threads are not checked");
  TestLoop loop;
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<net::Transport> other;
  std::string name;
  SECTION("TCP") {
    test::TcpPair pair(loop);
    transport = std::move(pair.client);
    other = std::move(pair.server);
    name = "the Transport to 127.0.0.1:";
  }
  SECTION("a local socket") {
    auto pair = test::connected_pair(AF_UNIX);
    transport = test::transport_over(loop, std::move(pair[0]));
    name = "the Transport to unix:pid=";
  }
  SECTION("TLS") {
    test::TlsPair pair(loop);
    pair.open();
    transport = std::move(pair.client.transport);
    other = std::move(pair.server.transport);
    name = "the TLS Transport to 127.0.0.1:";
  }
  const Bytes bytes = bytes_of("x");
  CHECK(says(name, [&] { transport->set_read_handlers({}, {}); }));
  CHECK(says(name, [&] { transport->start_reading(); }));
  CHECK(says(name, [&] { transport->stop_reading(); }));
  CHECK(says(name, [&] { CHECK_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess()); }));
  CHECK(says(name, [&] { transport->write(std::span(&bytes, 1), {}); }));
  CHECK(says(name, [&] { transport->shutdown({}); }));
  CHECK(says(name, [&] { CHECK(transport->unacknowledged() == 0); }));
  CHECK(says(name, [&] { CHECK_THAT(transport->check_peer(), IsSuccess()); }));
  CHECK(says(name, [&] { transport->close({}); }));
  CHECK(says(name, [&] { transport->abort({}); }));
  CHECK(says(name, [&] { transport.reset(); }));
  // One that is closed may be dropped anywhere.
  transport->close({});
  CHECK(says_when_called_elsewhere([&] { transport.reset(); }).empty());
  other.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("wrong thread: Listeners and Attempts name their address") {
  if (!kThreadsAreChecked) SKIP_TEST("built with NDEBUG: threads are not checked");
  TestLoop loop;
  auto listener = net::Listener::listen_tcp(loop.get(), "127.0.0.1", 0, {});
  REQUIRE_THAT(listener, IsSuccess());
  const std::string address = (*listener)->address();
  CHECK(says("the Listener on " + address, [&] { (*listener)->close(); }));
  CHECK(says("the Listener on " + address, [&] { listener->reset(); }));

  const net::Attempt attempt =
      net::connect_tcp(loop.get(), "127.0.0.1", (*listener)->port(), test::kDeadline, {});
  CHECK(says("the Attempt to connect to " + address, [&] { attempt.cancel(); }));
  test::TcpPair pair(loop);
  const net::Attempt handshake = net::tls_connect(std::move(pair.client), test::client_context(),
                                                  "localhost", test::kDeadline, {});
  CHECK(says("the TLS handshake with localhost (127.0.0.1:", [&] { handshake.cancel(); }));
  attempt.cancel();
  handshake.cancel();
  (*listener)->close();
  CHECK(says_when_called_elsewhere([&] { listener->reset(); }).empty());
  pair.server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("right thread: a loop may be set up on one thread and run by another") {
  TestLoop loop;
  auto poster = net::Poster::create(loop.get());
  auto listener = net::Listener::listen_tcp(loop.get(), "127.0.0.1", 0, {});
  REQUIRE((poster && listener));
  net::Timer timer(loop.get(), nullptr);
  std::thread runs_it([&] { uv_run(loop.get(), UV_RUN_DEFAULT); });
  const bool taken = (*poster)->post([&] {
    timer.start(std::chrono::milliseconds(0));
    (*listener)->close();
    (*poster)->close();
  });
  CHECK(taken);
  runs_it.join();
  REQUIRE(loop.run_out());
}

TEST_CASE("wrong thread: the one that made an object, once another runs the loop") {
  if (!kThreadsAreChecked) SKIP_TEST("built with NDEBUG: threads are not checked");
  TestLoop loop;
  auto poster = net::Poster::create(loop.get());
  REQUIRE_THAT(poster, IsSuccess());
  std::promise<void> called;
  net::Timer timer(loop.get(), [&] { called.set_value(); });
  timer.start(std::chrono::milliseconds(0));
  std::promise<void> asked;
  std::thread runs_it([&] {
    uv_run(loop.get(), UV_RUN_DEFAULT);
    asked.get_future().wait();
  });
  called.get_future().wait();
  CHECK(test::mentions(test::text_if_it_dies([&] { timer.stop(); }),
                       {"a Timer was made on thread", "was called back on thread"}));
  const bool taken = (*poster)->post([&] { (*poster)->close(); });
  CHECK(taken);
  asked.set_value();
  runs_it.join();
  // Now nobody runs it.
  timer.stop();
  REQUIRE(loop.run_out());
}
