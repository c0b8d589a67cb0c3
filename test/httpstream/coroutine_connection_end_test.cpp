// co::Connection: how it ends, and who hears of that.

#include <optional>
#include <string>
#include <utility>

#include "support/coroutine_pair.h"
#include "support/half_pair.h"
#include "support/outside_calls.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HalfPair;
using test::IsSuccess;
using test::OutsideCalls;
using test::TestLoop;

namespace {

template <class T>
std::error_code code_of(const Result<T>& result) {
  return result ? std::error_code() : result.error().code();
}

}  // namespace

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: close and closed, and what accept says then") {
  OutsideCalls outside;
  std::optional<Error> ends[3];
  std::optional<std::error_code> accepted;
  const auto close = [&](std::optional<Error>& end, bool gracefully) -> co::Task<> {
    if (gracefully) {
      end = co_await pair.client->shutdown();
    } else {
      end = co_await pair.client->close();
    }
    CHECK(outside.holds());
  };
  const auto closed = [&]() -> co::Task<> { ends[2] = co_await pair.server->closed(); };
  const auto accept = [&]() -> co::Task<> {
    const Result<co::NewStream> incoming = co_await pair.server->accept();
    accepted = code_of(incoming);
  };
  tasks.spawn(closed());
  tasks.spawn(accept());
  loop.run_turns(5);
  const bool gracefully = GENERATE(false, true);
  tasks.spawn(close(ends[0], gracefully));
  tasks.spawn(close(ends[1], gracefully));
  REQUIRE(loop.run_until([&] { return ends[0] && ends[1] && ends[2] && accepted; }));
  CHECK_THAT(*ends[0], IsSuccess());
  CHECK_THAT(*ends[1], IsSuccess());
  CHECK_THAT(*ends[2], IsSuccess());
  CHECK(*accepted == session::Errc::kConnectionClosed);
  // Afterwards they answer at once.
  ends[0].reset();
  accepted.reset();
  tasks.spawn(close(ends[0], gracefully));
  tasks.spawn(accept());
  REQUIRE(loop.run_until([&] { return ends[0] && accepted; }));
  CHECK_THAT(*ends[0], IsSuccess());
  CHECK(*accepted == session::Errc::kConnectionClosed);
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: dropped it closes in order, also under who waits") {
  OutsideCalls outside;
  std::optional<Error> ended;
  std::optional<std::error_code> accepted;
  std::optional<std::error_code> created;
  const auto closed = [&]() -> co::Task<> {
    ended = co_await pair.client->closed();
    CHECK(outside.holds());
  };
  const auto accept = [&]() -> co::Task<> {
    const Result<co::NewStream> incoming = co_await pair.client->accept();
    CHECK(outside.holds());
    accepted = code_of(incoming);
  };
  const auto create = [&]() -> co::Task<> {
    const Result<co::Stream> stream = co_await pair.client->create_stream({});
    CHECK(outside.holds());
    created = code_of(stream);
  };
  tasks.spawn(closed());
  tasks.spawn(accept());
  tasks.spawn(create());
  loop.run_turns(5);
  outside.during([&] { pair.client.reset(); });
  CHECK_FALSE((ended || accepted || created));
  REQUIRE(loop.run_until([&] { return ended && accepted && created; }));
  CHECK_THAT(*ended, IsSuccess());
  CHECK(*accepted == session::Errc::kConnectionClosed);
  CHECK(*created == session::Errc::kConnectionClosed);
  REQUIRE(loop.run_out());
  CHECK(pair.server->get()->is_closed());
  // What is closed already is known to be.
  pair.client.emplace(pair.server->get());
  ended.reset();
  tasks.spawn(closed());
  REQUIRE(loop.run_until([&] { return ended.has_value(); }));
  CHECK_THAT(*ended, IsSuccess());  // it has, in order
}

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: close closes also while others wait for the end") {
  OutsideCalls outside;
  std::optional<Error> ends[3];
  const auto closed = [&](std::optional<Error>& end) -> co::Task<> {
    end = co_await pair.client->closed();
    CHECK(outside.holds());
  };
  const bool gracefully = GENERATE(false, true);
  const auto close = [&]() -> co::Task<> {
    if (gracefully) {
      ends[2] = co_await pair.client->shutdown();
    } else {
      ends[2] = co_await pair.client->close();
    }
  };
  tasks.spawn(closed(ends[0]));
  tasks.spawn(closed(ends[1]));
  loop.run_turns(5);
  CHECK_FALSE((ends[0] || ends[1]));
  outside.during([&] { tasks.spawn(close()); });
  REQUIRE(loop.run_until([&] { return ends[0] && ends[1] && ends[2]; }));
  for (const auto& end : ends) CHECK_THAT(*end, IsSuccess());
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(test::ConnectionsTest, "co::Connection: on_close of get() is whoever's it is") {
  std::optional<Error> end;
  const auto closed = [&]() -> co::Task<> { end = co_await pair.client->closed(); };
  int heard = 0;
  pair.client->get()->on_close([&](const Error&) { ++heard; });
  tasks.spawn(closed());
  loop.run_turns(5);
  const bool cleared = GENERATE(false, true);
  if (cleared) pair.client->get()->on_close({});
  pair.server->get()->close();
  REQUIRE(loop.run_until([&] { return end.has_value(); }));
  CHECK_THAT(*end, IsSuccess());
  REQUIRE(loop.run_out());
  CHECK(heard == (cleared ? 0 : 1));
}

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: the first that hears of the end may end the others") {
  int heard = 0;
  int destroyed = 0;
  const auto waits = [&](test::Tracker) -> co::Task<> {
    (void)co_await pair.client->closed();
    ++heard;
    tasks.cancel();
    pair.client.reset();
  };
  for (int i = 0; i < 3; ++i) tasks.spawn(waits(test::Tracker(destroyed)));
  loop.run_turns(5);
  pair.client->get()->abort();
  REQUIRE(loop.run_until([&] { return destroyed == 3; }));
  CHECK(heard == 1);
  pair.server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::Connection: streams that nobody has accepted do not outlive the peer") {
  TestLoop loop;
  const co::IncomingStreams incoming;
  HalfPair half(loop, session::Role::kServer);
  co::TaskGroup tasks(loop.get());
  std::optional<co::Connection> connection;
  connection.emplace(half.connection, incoming);
  std::optional<Error> ended;
  const auto serve = [&]() -> co::Task<> {
    {
      Result<co::NewStream> wanted = co_await connection->accept();
      CHECK_THAT(wanted, IsSuccess());
      if (!wanted) co_return;
      wanted->decision.accept();
    }
    ended = co_await connection->closed();
  };
  tasks.spawn(serve());
  for (const wire::StreamId id : {1u, 3u, 5u}) {
    half.send(wire::SynStreamFrame{.stream_id = id});
    half.peer->send(half.writer.data(id, "x"));
  }
  half.send(wire::PingFrame{1});
  REQUIRE(loop.run_until([&] {
    const test::Lines frames = half.frames();
    return !frames.empty() && frames.back() == "PING 1";
  }));
  const bool orderly = GENERATE(true, false);
  orderly ? half.peer->close() : half.peer->vanish();
  REQUIRE(loop.run_until([&] { return ended.has_value(); }));
  CHECK(ended->code() == session::Errc::kConnectionLost);
  REQUIRE(loop.run_until([&] { return tasks.size() == 0; }));
  REQUIRE(loop.run_out());
}
