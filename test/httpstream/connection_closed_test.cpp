// What a connection that has closed still does: it answers from the loop, and uses no more of it.

#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "support/outside_calls.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::IsSuccess;
using test::SpdyPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

}  // namespace

TEST_CASE("Connection: a stream held past its connection still tells how it has ended") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  REQUIRE(pair.close());
  pair.client.connection.reset();
  CHECK(mine->is_closed());
  CHECK(mine->write(Buffer::copy_of("x")).code() == Errc::kStreamClosed);
  mine->close();  // harmless
  CHECK_FALSE(mine->writable());
  mine->pause();
  mine->resume();
  mine->reset();
  test::OutsideCalls outside;
  std::vector<std::string> told;
  const auto hears = [&](const std::string& name) {
    return [&, name](const Error& how) {
      CHECK(outside.holds());
      CHECK(how.code() == Errc::kConnectionClosed);
      told.push_back(name);
    };
  };
  int others = 0;
  outside.during([&, stream = mine] {
    stream->on_data([&](Bytes) { ++others; });
    stream->on_writable([&] { told.emplace_back("writable"); });
    stream->on_headers([&](const Headers&) { ++others; });
    stream->on_end(hears("end"));
    stream->on_sent(hears("sent"));
    stream->on_received(hears("received"));
    stream->on_close(hears("close"));
  });
  CHECK(told.empty());
  REQUIRE(loop.run_out());
  CHECK(told == std::vector<std::string>{"sent", "writable", "end", "received", "close"});
  CHECK(others == 0);
  CHECK(mine->reader().state() == HalfState::kBroken);
  CHECK(mine->reader().error().code() == Errc::kConnectionClosed);
  CHECK(mine->writer().state() == HalfState::kBroken);
}

TEST_CASE("Connection: on_close set on a closed connection is called from the loop, and freed") {
  TestLoop loop;
  SpdyPair pair(loop);
  REQUIRE(pair.close());
  CHECK(pair.client.connection->is_closed());
  const auto token = std::make_shared<int>(0);
  test::OutsideCalls outside;
  int calls = 0;
  outside.during([&] {
    pair.client.connection->on_close([&, token](const Error& error) {
      CHECK(outside.holds());
      CHECK_THAT(error, IsSuccess());
      ++calls;
    });
  });
  CHECK(calls == 0);
  const bool drop = GENERATE(false, true);
  if (drop) pair.client.connection.reset();
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
  CHECK(token.use_count() == 1);
}

TEST_CASE("Connection: what is asked of a closed connection is answered, from the loop") {
  TestLoop loop;
  SpdyPair pair(loop);
  const bool closing = GENERATE(true, false);
  if (closing) {
    pair.client.connection->close();
  } else {
    REQUIRE(pair.close());
  }
  test::OutsideCalls outside;
  std::vector<std::error_code> answers;
  outside.during([&] {
    pair.client.connection->create_stream({}, [&](Result<StreamPtr> stream) {
      CHECK(outside.holds());
      answers.push_back(stream ? std::error_code() : stream.error().code());
    });
    pair.client.connection->ping([&](Result<std::chrono::nanoseconds> pong) {
      CHECK(outside.holds());
      answers.push_back(pong ? std::error_code() : pong.error().code());
    });
  });
  CHECK(answers.empty());
  const bool drop = GENERATE(false, true);
  if (drop) pair.client.connection.reset();
  REQUIRE(loop.run_out());
  CHECK(answers == std::vector<std::error_code>{Errc::kConnectionClosed, Errc::kConnectionClosed});
}

TEST_CASE("Connection: asked again inside such an answer, it answers again, dropped or not") {
  TestLoop loop;
  SpdyPair pair(loop);
  REQUIRE(pair.close());
  int answers = 0;
  auto connection = std::exchange(pair.client.connection, nullptr);
  const bool drop = GENERATE(false, true);
  connection->create_stream({}, [&](Result<StreamPtr> first) {
    CHECK_FALSE(first);
    ++answers;
    connection->create_stream({}, [&](Result<StreamPtr> second) {
      CHECK_FALSE(second);
      ++answers;
    });
    if (drop) connection.reset();
  });
  REQUIRE(loop.run_out());
  CHECK(answers == 2);
}

TEST_CASE("Connection: a closed one that is held uses its loop no more") {
  TestLoop loop;
  std::optional<StreamDecision> decision;
  SpdyPair pair(loop);
  pair.server.on_new_stream = [&](auto, StreamDecision later) { decision = std::move(later); };
  pair.client.connection->create_stream({}, [](auto) {});
  REQUIRE(loop.run_until([&] { return decision.has_value(); }));
  REQUIRE(pair.close());
  REQUIRE(loop.run_out());

  SECTION("by a decision that comes too late") { decision->accept(); }
  SECTION("by one that never comes") { decision.reset(); }
  SECTION("by a time limit") { pair.server.connection->set_idle_timeout(1s); }
  CHECK(uv_loop_alive(loop.get()) == 0);
}

TEST_CASE("Connection: a unidirectional stream that ends before it is told of") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto connection = pair.client.connection;
  std::vector<std::error_code> answers;
  const session::CreateOptions unidirectional{.unidirectional = true};
  connection->create_stream({}, unidirectional, [&](Result<StreamPtr> first) {
    CHECK_THAT(first, IsSuccess());
    connection->create_stream({}, unidirectional, [&](Result<StreamPtr> second) {
      answers.push_back(second ? std::error_code() : second.error().code());
    });
    connection->abort();
  });
  REQUIRE(loop.run_until([&] { return connection->is_closed(); }));
  REQUIRE(loop.run_out());
  CHECK(answers == std::vector<std::error_code>{Errc::kConnectionClosed});
}
