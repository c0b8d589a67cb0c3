#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/connected_pair.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/transport.h"

using namespace uvspdy;
using test::IsSuccess;
using test::patterned_text;
using test::RawPeer;
using test::TcpPair;
using test::TestLoop;

namespace {

// More than the kernel's buffers of both ends take, however they grow.
constexpr std::size_t kMoreThanBuffers = 64 * 1024 * 1024;

Bytes view(const std::string& text) { return bytes_of(text); }

}  // namespace

TEST_CASE("Transport: bytes go both ways, in order") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  RawPeer server(std::move(pair.server));
  client.start_reading();
  server.start_reading();
  const std::string there = patterned_text(300000);
  const std::string back = patterned_text(200001);
  for (std::size_t i = 0; i < there.size(); i += 1000) client.send(there.substr(i, 1000));
  server.send(back);
  REQUIRE(loop.run_until([&] {
    return server.received().size() == there.size() && client.received().size() == back.size();
  }));
  CHECK(server.received() == there);
  CHECK(client.received() == back);
  client.close();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: try_write gathers spans and says how many bytes went") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));
  server.start_reading();
  // More spans than go into one system call.
  const std::string text = patterned_text(1500);
  std::vector<Bytes> spans;
  for (std::size_t i = 0; i < text.size(); ++i) spans.push_back(view(text).subspan(i, 1));
  std::size_t sent = 0;
  int calls = 0;
  while (sent < text.size()) {
    const Result<std::size_t> written = pair.client->try_write(std::span(spans).subspan(sent));
    REQUIRE_THAT(written, IsSuccess());
    REQUIRE(*written > 0);  // nothing is in the way
    sent += *written;
    ++calls;
  }
  CHECK(calls < 100);  // gathered, not one by one
  REQUIRE(loop.run_until([&] { return server.received().size() >= text.size(); }));
  CHECK(server.received() == text);
  pair.client->close({});
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: write takes at least the first span and says how much it took") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));
  server.start_reading();
  const std::string text = patterned_text(1000);
  std::vector<Bytes> spans;
  for (std::size_t i = 0; i < text.size(); i += 100) spans.push_back(view(text).subspan(i, 100));
  test::OutsideCalls outside;
  std::size_t sent = 0;
  int calls = 0;
  std::function<void()> write_rest = [&] {
    outside.during([&] {
      pair.client->write(std::span(spans).subspan(sent / 100), [&](Result<std::size_t> written) {
        CHECK(outside.holds());
        CHECK_THAT(written, IsSuccess());
        if (!written) return;
        CHECK(*written >= 100);
        CHECK(*written % 100 == 0);
        sent += *written;
        ++calls;
        if (sent < text.size()) write_rest();
      });
    });
  };
  write_rest();
  REQUIRE(loop.run_until([&] { return server.received().size() >= text.size(); }));
  CHECK(server.received() == text);
  REQUIRE(loop.run_until([&] { return sent == text.size(); }));
  CHECK(calls <= 10);
  pair.client->close({});
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: empty spans in front are no reason to write nothing") {
  TestLoop loop;
  const bool tls = GENERATE(false, true);
  std::unique_ptr<net::Transport> client;
  std::unique_ptr<RawPeer> server;
  if (tls) {
    test::TlsPair pair(loop);
    pair.open();
    client = std::move(pair.client.transport);
    server = std::make_unique<RawPeer>(std::move(pair.server.transport));
  } else {
    TcpPair pair(loop);
    client = std::move(pair.client);
    server = std::make_unique<RawPeer>(std::move(pair.server));
  }
  server->start_reading();
  std::vector<Bytes> spans(300);
  spans.push_back(bytes_of("word"));
  std::optional<std::size_t> taken;
  client->write(spans, [&](Result<std::size_t> written) { taken = written ? *written : 0; });
  REQUIRE(loop.run_until([&] { return taken.has_value(); }));
  CHECK(*taken == 4);
  const Result<std::size_t> tried = client->try_write(spans);
  REQUIRE_THAT(tried, IsSuccess());
  CHECK(*tried == 4);
  REQUIRE(loop.run_until([&] { return server->received() == "wordword"; }));
  // Nothing but empty ones: nothing is written, and that is told.
  taken.reset();
  client->write(std::span(spans).first(5),
                [&](Result<std::size_t> written) { taken = written ? *written : 1; });
  REQUIRE(loop.run_until([&] { return taken.has_value(); }));
  CHECK(*taken == 0);
  taken.reset();
  client->write({}, [&](Result<std::size_t> written) { taken = written ? *written : 1; });
  REQUIRE(loop.run_until([&] { return taken.has_value(); }));
  CHECK(*taken == 0);
  client->close({});
  server->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: of more than 4 GiB it writes a part, and says how much that is") {
  TestLoop loop;
  TcpPair pair(loop);
  // Pages that nobody writes to are all one in memory.
  constexpr std::size_t kSize = (std::size_t{4} << 30) + 5;
  void* const memory = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const Bytes bytes = bytes_of(static_cast<const char*>(memory), kSize);
  std::size_t received = 0;
  pair.server->set_read_handlers([&](Bytes came) { received += came.size(); }, {});
  pair.server->start_reading();
  const Result<std::size_t> tried = pair.client->try_write(std::span(&bytes, 1));
  REQUIRE_THAT(tried, IsSuccess());
  CHECK(*tried > 5);
  std::optional<std::size_t> taken;
  pair.client->write(std::span(&bytes, 1),
                     [&](Result<std::size_t> written) { taken = written ? *written : 0; });
  REQUIRE(loop.run_until([&] { return taken.has_value() && received >= *tried + *taken; }));
  CHECK(*taken > 5);
  loop.run_turns(3);
  CHECK(received == *tried + *taken);
  pair.client->close({});
  pair.server->close({});
  REQUIRE(loop.run_out());
  munmap(memory, kSize);
}

TEST_CASE("Transport: a peer that does not read holds writers up, and loses nothing") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));  // does not read yet
  const std::string text = patterned_text(kMoreThanBuffers);
  std::size_t sent = 0;
  while (true) {
    const Bytes rest = view(text).subspan(sent);
    const Result<std::size_t> written = pair.client->try_write(std::span(&rest, 1));
    REQUIRE_THAT(written, IsSuccess());
    if (*written == 0) break;
    sent += *written;
    REQUIRE(sent < text.size());
  }
  int calls = 0;
  const Bytes rest = view(text).subspan(sent);
  pair.client->write(std::span(&rest, 1), [&](Result<std::size_t> written) {
    ++calls;
    CHECK_THAT(written, IsSuccess());
    if (written) CHECK(*written == rest.size());
  });
  loop.run_turns(20);
  CHECK(calls == 0);

  server.start_reading();
  REQUIRE(loop.run_until([&] { return calls == 1 && server.received().size() == text.size(); }));
  CHECK((server.received() == text));  // in brackets: nobody wants to see it printed
  pair.client->close({});
  server.close();
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
}

TEST_CASE("Transport: no read handler runs while reading is stopped, and nothing is lost") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  std::string received;
  bool reading = true;
  bool ended = false;
  int stops = 0;
  pair.server->set_read_handlers(
      [&](Bytes bytes) {
        CHECK(reading);
        received += text_of(bytes);
        pair.server->stop_reading();  // inside the handler
        reading = false;
        ++stops;
      },
      [&](const Error& error) {
        CHECK(reading);
        CHECK_THAT(error, IsSuccess());
        ended = true;
      });
  const std::string text = patterned_text(1000000);
  client.send(text);
  client.shut_down();
  while (!ended) {
    loop.run_turns(2);
    reading = true;
    pair.server->start_reading();
    pair.server->start_reading();  // twice is once
    REQUIRE(loop.run_until([&] { return !reading || ended; }));
  }
  CHECK((received == text));
  CHECK(stops > 1);
  client.close();
  pair.server->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: shutdown comes behind what was written, and reading goes on") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));
  std::string received;
  int ends = 0;
  pair.client->set_read_handlers([&](Bytes bytes) { received += text_of(bytes); },
                                 [&](const Error& error) {
                                   ++ends;
                                   CHECK_THAT(error, IsSuccess());
                                 });
  pair.client->start_reading();
  const std::string text = patterned_text(kMoreThanBuffers);
  const Bytes bytes = view(text);
  int written = 0;
  int shut = 0;
  test::OutsideCalls outside;
  pair.client->write(std::span(&bytes, 1), [&](Result<std::size_t> result) {
    ++written;
    CHECK_THAT(result, IsSuccess());
    CHECK(shut == 0);
  });
  outside.during([&] {
    pair.client->shutdown([&](const Error& error) {
      CHECK(outside.holds());
      CHECK_THAT(error, IsSuccess());
      ++shut;
    });
  });
  loop.run_turns(10);
  CHECK(shut == 0);
  server.start_reading();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  CHECK((server.received() == text));
  REQUIRE(loop.run_until([&] { return shut == 1; }));
  CHECK(written == 1);

  server.send("an answer behind your end");
  REQUIRE(loop.run_until([&] { return received == "an answer behind your end"; }));
  CHECK(ends == 0);
  server.shut_down();
  REQUIRE(loop.run_until([&] { return ends == 1; }));
  pair.client->close({});
  server.close();
  REQUIRE(loop.run_out());
  CHECK(ends == 1);
  CHECK(shut == 1);
}

TEST_CASE("Transport: unacknowledged says what the peer's side has not taken yet") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer server(std::move(pair.server));  // does not read yet
  CHECK(pair.client->unacknowledged() == 0);
  const std::string text(1024 * 1024, 'x');
  const Bytes bytes = view(text);
  std::size_t sent = 0;
  while (true) {
    const Result<std::size_t> written = pair.client->try_write(std::span(&bytes, 1));
    REQUIRE_THAT(written, IsSuccess());
    if (*written == 0) break;
    sent += *written;
  }
  CHECK(pair.client->unacknowledged() > 0);
  CHECK(pair.client->unacknowledged() <= sent);
  server.start_reading();
  REQUIRE(loop.run_until(
      [&] { return server.received().size() == sent && pair.client->unacknowledged() == 0; }));
  pair.client->close({});
  CHECK(pair.client->unacknowledged() == 0);
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: a reset by the peer is told once, as an error") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  int ends = 0;
  Error end;
  pair.server->set_read_handlers([](Bytes) {},
                                 [&](const Error& error) {
                                   ++ends;
                                   end = error;
                                 });
  pair.server->start_reading();
  client.vanish();
  REQUIRE(loop.run_until([&] { return ends > 0; }));
  CHECK(end.code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  pair.server->start_reading();  // there is nothing more to be told
  REQUIRE(loop.run_out());
  CHECK(ends == 1);
  pair.server->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: a reset is no end in order, though it stands behind bytes that came") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  auto pair = test::connected_pair(family);
  const auto transport = test::transport_over(loop, std::move(pair[0]));
  const Bytes bytes = bytes_of("nobody reads this");
  REQUIRE_THAT(transport->try_write(std::span(&bytes, 1)), IsSuccess());
  REQUIRE(send(pair[1].get(), "half of it", 10, 0) == 10);
  pair[1].reset();  // over unread data: a reset
  std::string received;
  std::optional<Error> end;
  transport->set_read_handlers([&](Bytes came) { received += text_of(came); },
                               [&](const Error& error) { end = error; });
  SECTION("told to the reader") {}
  SECTION("told to a writer first") {
    REQUIRE(loop.poll_until([&] { return !transport->try_write(std::span(&bytes, 1)); }));
  }
  transport->start_reading();
  REQUIRE(loop.run_until([&] { return end.has_value(); }));
  CHECK(received == "half of it");
  // A local socket tells a writer no more than that its peer has closed.
  if (family == AF_INET) CHECK(end->code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: an end in order stays one, though a reset comes behind it") {
  TestLoop loop;
  auto pair = test::connected_pair(AF_INET);
  const auto transport = test::transport_over(loop, std::move(pair[0]));
  REQUIRE(send(pair[1].get(), "all of it", 9, 0) == 9);
  pair[1].reset();
  // Whoever is gone answers what we send with a reset.
  const Bytes bytes = bytes_of("nobody reads this");
  REQUIRE(loop.poll_until([&] { return !transport->try_write(std::span(&bytes, 1)); }));
  std::string received;
  std::optional<Error> end;
  transport->set_read_handlers([&](Bytes came) { received += text_of(came); },
                               [&](const Error& error) { end = error; });
  transport->start_reading();
  REQUIRE(loop.run_until([&] { return end.has_value(); }));
  CHECK(received == "all of it");
  CHECK_THAT(*end, IsSuccess());
  transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: a write that waits fails when the peer resets the connection") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  const std::string text = patterned_text(kMoreThanBuffers);
  const Bytes bytes = view(text);
  int calls = 0;
  pair.server->write(std::span(&bytes, 1), [&](Result<std::size_t> written) {
    ++calls;
    CHECK_FALSE(written);
  });
  loop.run_turns(5);
  CHECK(calls == 0);
  client.vanish();
  REQUIRE(loop.run_until([&] { return calls > 0; }));
  pair.server->close({});
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
}

TEST_CASE("Transport: once the connection is broken, try_write, write and shutdown say so") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  bool ended = false;
  pair.server->set_read_handlers([](Bytes) {}, [&](const Error&) { ended = true; });
  pair.server->start_reading();
  client.vanish();
  REQUIRE(loop.run_until([&] { return ended; }));

  const std::string text = "too late";
  const Bytes bytes = view(text);
  CHECK_FALSE(pair.server->try_write(std::span(&bytes, 1)));
  std::optional<Result<std::size_t>> written;
  std::optional<Error> shut;
  pair.server->write(std::span(&bytes, 1),
                     [&](Result<std::size_t> result) { written = std::move(result); });
  REQUIRE(loop.run_out());
  CHECK(written.has_value());
  if (written) CHECK_FALSE(*written);
  pair.server->shutdown([&](const Error& error) { shut = error; });
  REQUIRE(loop.run_out());
  CHECK(shut.has_value());
  if (shut) CHECK(*shut);
  pair.server->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: a write behind a shutdown fails, in its handler") {
  TestLoop loop;
  TcpPair pair(loop);
  pair.client->shutdown({});
  std::optional<Result<std::size_t>> written;
  const std::string text = "too late";
  const Bytes bytes = view(text);
  pair.client->write(std::span(&bytes, 1),
                     [&](Result<std::size_t> result) { written = std::move(result); });
  CHECK_FALSE(written.has_value());
  REQUIRE(loop.run_out());
  CHECK(written.has_value());
  if (written) CHECK_FALSE(*written);
  pair.client->close({});
  pair.server->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: shutting down twice tells each handler once") {
  TestLoop loop;
  TcpPair pair(loop);
  int first = 0;
  int second = 0;
  pair.client->shutdown([&](const Error& error) {
    ++first;
    CHECK_THAT(error, IsSuccess());
  });
  pair.client->shutdown([&](const Error&) { ++second; });
  REQUIRE(loop.run_out());
  CHECK(first == 1);
  CHECK(second == 1);
  pair.client->close({});
  pair.server->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport: whoever takes it over sets the read handlers anew, also while one runs") {
  TestLoop loop;
  TcpPair pair(loop);
  RawPeer client(std::move(pair.client));
  std::string first;
  std::string second;
  bool ended = false;
  // Freed with the old handlers: using it behind the exchange shows whether they are still there.
  const auto token = std::make_shared<std::string>("first ");
  pair.server->set_read_handlers(
      [&, token](Bytes bytes) {
        pair.server->set_read_handlers([&](Bytes more) { second += text_of(more); },
                                       [&](const Error&) { ended = true; });
        first = *token + std::string(text_of(bytes));
      },
      [](const Error&) { FAIL_CHECK("the old end handler was called"); });
  pair.server->start_reading();
  client.send("one");
  REQUIRE(loop.run_until([&] { return !first.empty(); }));
  CHECK(first == "first one");
  CHECK(token.use_count() == 1);
  client.send("two");
  client.shut_down();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(second == "two");
  client.close();
  pair.server->close({});
  REQUIRE(loop.run_out());
}
