// Creating streams, and how the other side decides about them.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/half_pair.h"
#include "support/outside_calls.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/wire/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::HalfPair;
using test::IsSuccess;
using test::Lines;
using test::SpdyPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

/// One call of create_stream: its result, and how often it was told.
struct Creation {
  std::optional<Result<StreamPtr>> result;
  int calls = 0;
  test::OutsideCalls outside;

  Creation(Connection& connection, Headers headers = {},
           const session::CreateOptions& options = {}) {
    outside.during([&] {
      connection.create_stream(std::move(headers), options, [this](Result<StreamPtr> stream) {
        CHECK(outside.holds());
        ++calls;
        result = std::move(stream);
      });
    });
    CHECK(calls == 0);
  }
  bool over() const { return calls > 0; }
  std::error_code code() const {
    CHECK(calls == 1);
    return over() && !*result ? result->error().code() : std::error_code();
  }
};

/// Keeps what the peer wants to create, undecided.
struct Undecided {
  StreamPtr stream;
  std::optional<StreamDecision> decision;

  NewStreamHandler handler() {
    return [this](StreamPtr created, StreamDecision asked) {
      stream = std::move(created);
      decision = std::move(asked);
    };
  }
};

}  // namespace

TEST_CASE("Stream: headers and identifiers are the same on both sides, with each side's parity") {
  TestLoop loop;
  SpdyPair pair(loop);
  const Headers headers = {{"streamType", "stdout"}, {"Twice", "1"}, {"twice", "2"}, {"empty", ""}};
  const auto [mine, its] = pair.stream(pair.client, headers);
  CHECK(mine->identifier() == 1);
  CHECK(its->identifier() == 1);
  CHECK(mine->headers() == headers);  // as given
  CHECK(its->headers().get("streamType").value_or("") == "stdout");
  CHECK(its->headers().values("twice") == std::vector<std::string_view>{"1", "2"});
  CHECK(its->headers().get("empty").has_value());
  const auto [second, second_there] = pair.stream(pair.server);
  CHECK(second->identifier() == 2);
  CHECK(second_there->identifier() == 2);
  CHECK(pair.stream().first->identifier() == 3);
  CHECK_FALSE(mine->is_closed());
  REQUIRE(pair.close());
}

TEST_CASE("Stream: headers that cannot be sent are an error, and the connection goes on") {
  TestLoop loop;
  SpdyPair pair(loop);
  struct Row {
    Headers headers;
    wire::Errc code;
  };
  const std::vector<Row> rows = {
      {{{"Connection", "close"}}, wire::Errc::kForbiddenHeader},
      {{{"host", "h"}}, wire::Errc::kForbiddenHeader},
      {{{"", "x"}}, wire::Errc::kBadHeaderName},
      {{{"a", std::string_view("x\0y", 3)}}, wire::Errc::kBadHeaderValue},
  };
  for (const Row& row : rows) {
    Creation creation(*pair.client.connection, row.headers);
    REQUIRE(loop.run_until([&] { return creation.over(); }));
    CHECK(creation.code() == row.code);
  }
  CHECK(pair.stream().first->identifier() == 1);  // no id was used up
  REQUIRE(pair.close());
}

TEST_CASE("StreamDecision: accepted at once or later, the creator hears of it") {
  TestLoop loop;
  SpdyPair pair(loop);
  Undecided undecided;
  pair.server.on_new_stream = undecided.handler();
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value(); }));
  loop.run_turns(10);
  CHECK_FALSE(creation.over());
  undecided.decision->accept();
  undecided.decision->accept();  // does nothing once decided, as these
  undecided.decision->reject();
  undecided.decision.reset();
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  REQUIRE_THAT(*creation.result, IsSuccess());
  CHECK_FALSE((**creation.result)->is_closed());
  CHECK_FALSE(undecided.stream->is_closed());
  REQUIRE(pair.close());
  CHECK(creation.calls == 1);
}

TEST_CASE("StreamDecision: rejected at once or later, with any status, it is a refusal") {
  TestLoop loop;
  SpdyPair pair(loop);
  Undecided undecided;
  std::optional<Error> closed;
  const bool later = GENERATE(false, true);
  const auto status = GENERATE(wire::RstStatus::kRefusedStream, wire::RstStatus::kCancel,
                               wire::RstStatus::kInternalError);
  pair.server.on_new_stream = [&](StreamPtr stream, StreamDecision decision) {
    stream->on_close([&](const Error& error) { closed = error; });
    undecided.handler()(std::move(stream), std::move(decision));
    if (!later) undecided.decision->reject(status);
  };
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value(); }));
  if (later) {
    loop.run_turns(5);
    undecided.decision->reject(status);
    CHECK_FALSE(closed.has_value());
  }
  undecided.decision->accept();  // too late
  REQUIRE(loop.run_until([&] { return creation.over() && closed.has_value(); }));
  CHECK(creation.code() == Errc::kStreamRefused);
  CHECK(closed->code() == Errc::kResetHere);
  CHECK(pair.stream_is_possible());
  REQUIRE(pair.close());
}

TEST_CASE("StreamDecision: dropped undecided, the stream is rejected") {
  TestLoop loop;
  SpdyPair pair(loop);
  Undecided undecided;
  SECTION("in the handler") {
    pair.server.on_new_stream = [](StreamPtr, StreamDecision) {};
  }
  SECTION("later, with its last copy") { pair.server.on_new_stream = undecided.handler(); }
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value() || creation.over(); }));
  if (undecided.decision) {
    const auto copy = std::make_unique<StreamDecision>(*undecided.decision);
    undecided.decision.reset();
    loop.run_turns(10);
    CHECK_FALSE(creation.over());
  }
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  CHECK(creation.code() == Errc::kStreamRefused);
  REQUIRE(pair.close());
}

TEST_CASE("StreamDecision: without a new stream handler every stream is rejected") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kServer);
  half.send(wire::SynStreamFrame{.stream_id = 1});
  half.send(wire::PingFrame{1});
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 2; }));
  CHECK(half.frames() == Lines{"PING 1", "RST_STREAM 1 REFUSED_STREAM"});
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamDecision: kept past its stream or its connection it does nothing, without harm") {
  TestLoop loop;
  SpdyPair pair(loop);
  Undecided undecided;
  pair.server.on_new_stream = undecided.handler();
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value(); }));
  const bool accept = GENERATE(true, false);
  int replies_sent = 0;
  undecided.decision->on_reply_sent([&] { ++replies_sent; });
  SECTION("the stream has been reset here") {
    undecided.stream->reset();
    REQUIRE(loop.run_until([&] { return creation.over(); }));
    CHECK(creation.code() == Errc::kStreamRefused);
  }
  SECTION("the connection has closed") {
    REQUIRE(pair.close());
    CHECK(creation.code() == Errc::kConnectionClosed);
  }
  SECTION("the connection is freed") {
    REQUIRE(pair.close());
    pair.server.connection.reset();
  }
  accept ? undecided.decision->accept() : undecided.decision->reject();
  undecided.decision->on_reply_sent([&] { ++replies_sent; });
  undecided.decision.reset();
  REQUIRE(pair.close());
  CHECK(replies_sent == 0);
}

TEST_CASE("StreamDecision: reply headers, and such that cannot be sent") {
  TestLoop loop;
  Error closed;
  std::vector<StreamPtr> streams;
  HalfPair half(loop, session::Role::kServer);
  half.connection->on_new_stream([&](StreamPtr stream, StreamDecision decision) {
    const bool good = stream->identifier() == 1;
    if (!good) stream->on_close([&](const Error& error) { closed = error; });
    decision.accept(good ? Headers{{"a", "b"}} : Headers{{"connection", "close"}});
    streams.push_back(std::move(stream));
  });
  half.send(wire::SynStreamFrame{.stream_id = 1});
  half.send(wire::SynStreamFrame{.stream_id = 3});
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 2; }));
  CHECK(half.frames() == Lines{"SYN_REPLY 1 {a: b}", "RST_STREAM 3 INTERNAL_ERROR"});
  CHECK(closed.code() == Errc::kResetHere);
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("StreamDecision: on_reply_sent comes once the SYN_REPLY is with the transport") {
  TestLoop loop;
  SpdyPair pair(loop);
  Undecided undecided;
  pair.server.on_new_stream = undecided.handler();
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value(); }));
  test::OutsideCalls outside;
  int sent = 0;
  const auto told = [&] {
    CHECK(outside.holds());
    ++sent;
  };
  SECTION("asked before accepting") {
    outside.during([&] { undecided.decision->on_reply_sent(told); });
    loop.run_turns(5);
    CHECK(sent == 0);
    outside.during([&] { undecided.decision->accept(); });
  }
  SECTION("asked right behind accepting") {
    outside.during([&] {
      undecided.decision->accept();
      undecided.decision->on_reply_sent(told);
    });
  }
  SECTION("asked when it has been sent long since") {
    undecided.decision->accept();
    REQUIRE(loop.run_until([&] { return creation.over(); }));
    loop.run_turns(10);  // this side has noticed, too
    outside.during([&] { undecided.decision->on_reply_sent(told); });
  }
  CHECK(sent == 0);
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  loop.run_turns(5);
  CHECK(sent == 1);
  REQUIRE(pair.close());
  CHECK(sent == 1);
}

TEST_CASE("StreamDecision: on_reply_sent is not called for a stream that is rejected") {
  TestLoop loop;
  SpdyPair pair(loop);
  int sent = 0;
  const auto token = std::make_shared<int>(0);
  pair.server.on_new_stream = [&](StreamPtr, StreamDecision decision) {
    decision.on_reply_sent([&sent, token] { ++sent; });
    decision.reject();
  };
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return creation.over() && token.use_count() == 1; }));  // freed
  REQUIRE(pair.close());
  CHECK(sent == 0);
}

TEST_CASE("NoOpNewStreamHandler: accepts, and ignores what comes") {
  TestLoop loop;
  SpdyPair pair(loop);
  pair.server.on_new_stream = NoOpNewStreamHandler();
  Creation creation(*pair.client.connection);
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  REQUIRE_THAT(*creation.result, IsSuccess());
  const StreamPtr stream = **creation.result;
  CHECK_FALSE(stream->is_closed());
  // More than anybody would hold.
  bool sent = false;
  stream->on_sent([&](const Error& how) { sent = !how; });
  CHECK_THAT(stream->write(Buffer(std::string(20 * 1000 * 1000, 'x'))), IsSuccess());
  stream->close();
  REQUIRE(loop.run_until([&] { return sent; }));
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: what is written before the stream is accepted waits until it is") {
  TestLoop loop;
  Undecided undecided;
  HalfPair half(loop, session::Role::kServer);
  half.connection->on_new_stream(undecided.handler());
  half.send(wire::SynStreamFrame{.stream_id = 1});
  REQUIRE(loop.run_until([&] { return undecided.decision.has_value(); }));
  CHECK_THAT(undecided.stream->write(Buffer::copy_of("early")), IsSuccess());
  half.send(wire::PingFrame{1});
  REQUIRE(loop.run_until([&] { return !half.frames().empty(); }));
  CHECK(half.frames() == Lines{"PING 1"});
  undecided.decision->accept();
  undecided.stream->close();
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 3; }));
  CHECK(half.frames() == Lines{"PING 1", "SYN_REPLY 1 {}", "DATA 1 'early' FIN"});
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: no SYN_REPLY in time is kCreateTimeout, and the stream is cancelled") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.create_timeout = 50ms;
  HalfPair half(loop, session::Role::kClient, options);
  Creation creation(*half.connection);
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  CHECK(creation.code() == Errc::kCreateTimeout);
  CHECK(creation.result->error().message().find("50 ms") != std::string::npos);
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 2; }));
  CHECK(half.frames() == Lines{"SYN_STREAM 1 {}", "RST_STREAM 1 CANCEL"});
  half.send(wire::SynReplyFrame{.stream_id = 1});  // too late, and no news
  half.send(wire::PingFrame{2});
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 3; }));
  CHECK(half.frames().back() == "PING 2");
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(creation.calls == 1);
}

TEST_CASE(
    "Stream: more than Limits::concurrent_streams are refused, and only while they are open") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.flow_control = session::FlowControl::kNone;  // does not tell its limit
  options.session.limits.concurrent_streams = 2;
  SpdyPair pair(loop, test::patient_options(), options);
  const auto [first, first_there] = pair.stream();
  const auto [second, second_there] = pair.stream();
  {
    Creation third(*pair.client.connection);
    REQUIRE(loop.run_until([&] { return third.over(); }));
    CHECK(third.code() == Errc::kStreamRefused);
  }
  bool closed = false;
  first_there->on_close([&](const Error&) { closed = true; });
  first->reset();
  REQUIRE(loop.run_until([&] { return closed; }));
  CHECK(pair.stream_is_possible());
  REQUIRE(pair.close());
}

TEST_CASE("Stream: a unidirectional one needs no reply, and carries data one way") {
  TestLoop loop;
  SpdyPair pair(loop);
  std::string received;
  bool ended = false;
  std::optional<Error> write_back;
  pair.server.on_new_stream = [&](StreamPtr stream, StreamDecision decision) {
    stream->on_data([&](Bytes bytes) { received += text_of(bytes); });
    stream->on_end([&](const Error&) { ended = true; });
    write_back = stream->write(Buffer::copy_of("not possible"));
    decision.accept();
    pair.server.streams.push_back(std::move(stream));
  };
  session::CreateOptions options;
  options.unidirectional = true;
  Creation creation(*pair.client.connection, {}, options);
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  REQUIRE_THAT(*creation.result, IsSuccess());
  const StreamPtr stream = **creation.result;
  std::optional<Error> closed;
  stream->on_close([&](const Error& error) { closed = error; });
  CHECK_THAT(stream->write(Buffer::copy_of("one way")), IsSuccess());
  stream->close();
  REQUIRE(loop.run_until([&] { return ended && closed.has_value(); }));
  CHECK(received == "one way");
  CHECK_THAT(*closed, IsSuccess());
  REQUIRE(write_back.has_value());
  CHECK(write_back->code() == Errc::kStreamClosed);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: one that is created half-closed only receives") {
  TestLoop loop;
  SpdyPair pair(loop);
  std::vector<std::string> there;
  pair.server.on_new_stream = [&](StreamPtr stream, StreamDecision decision) {
    stream->on_end([&](const Error&) { there.push_back("end"); });
    stream->on_close([&](const Error& error) { there.push_back(error ? "error" : "closed"); });
    decision.accept();
    CHECK_THAT(stream->write(Buffer::copy_of("only this way")), IsSuccess());
    stream->close();
    pair.server.streams.push_back(std::move(stream));
  };
  session::CreateOptions options;
  options.fin = true;
  Creation creation(*pair.client.connection, {}, options);
  std::string received;
  std::optional<Error> closed;
  REQUIRE(loop.run_until([&] { return creation.over(); }));
  REQUIRE_THAT(*creation.result, IsSuccess());
  CHECK((**creation.result)->write(Buffer::copy_of("x")).code() == Errc::kStreamClosed);
  (**creation.result)->on_data([&](Bytes bytes) { received += text_of(bytes); });
  (**creation.result)->on_close([&](const Error& error) { closed = error; });
  REQUIRE(loop.run_until([&] { return closed.has_value() && there.size() == 2; }));
  CHECK_THAT(*closed, IsSuccess());
  CHECK(received == "only this way");
  CHECK(there == std::vector<std::string>{"end", "closed"});
  REQUIRE(pair.close());
}
