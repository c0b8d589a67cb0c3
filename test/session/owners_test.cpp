// Buffers whose owners call the session when they are freed: whatever lets them go, its state is in
// order by then.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;
using session::Session;

/// Calls a function when it is freed.
class Owner {
 public:
  explicit Owner(std::function<void()> on_freed) : on_freed_(std::move(on_freed)) {}
  ~Owner() { on_freed_(); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

 private:
  std::string text_ = patterned_text(100);
  std::function<void()> on_freed_;

 public:
  static Buffer buffer(std::function<void()> on_freed) {
    auto owner = std::make_shared<Owner>(std::move(on_freed));
    const Bytes bytes = bytes_of(owner->text_);
    return Buffer(bytes, std::move(owner));
  }
};

/// Two streams of a client's, each with four buffers; their owners do `action` once each.
struct Writers {
  std::unique_ptr<SessionDriver> client;
  wire::StreamId first = 0;
  wire::StreamId second = 0;
  std::function<void(Session&)> action;
  int freed = 0;
  static constexpr int kBuffers = 8;

  explicit Writers(session::Options options = without_windows()) {
    client = std::make_unique<SessionDriver>(Role::kClient, std::move(options));
    first = client->create_accepted();
    second = client->create_accepted();
  }

  void write() {
    Session& session = client->session;
    for (int i = 0; i < kBuffers / 2; ++i) {
      for (const wire::StreamId id : {first, second}) {
        CHECK_THAT(session.write(id, Owner::buffer([this, &session] {
                                   ++freed;
                                   if (action) action(session);
                                 })),
                   IsSuccess());
      }
    }
  }
};

using Action = std::function<void(Session&, wire::StreamId first, wire::StreamId second)>;

std::vector<std::pair<const char*, Action>> actions() {
  return {
      {"write",
       [](Session& session, wire::StreamId first, wire::StreamId second) {
         // It is refused when the stream is over.
         Error refused = session.write(first, Buffer::copy_of(patterned_text(50)));
         refused = session.write(second, Buffer::copy_of(patterned_text(50)));
         if (refused) return;
       }},
      {"end", [](Session& session, wire::StreamId, wire::StreamId second) { session.end(second); }},
      {"reset the same", [](Session& session, wire::StreamId first,
                            wire::StreamId) { session.reset(first, wire::RstStatus::kCancel); }},
      {"reset another",
       [](Session& session, wire::StreamId, wire::StreamId second) {
         session.reset(second, wire::RstStatus::kCancel);
       }},
      {"end_with_reset",
       [](Session& session, wire::StreamId first, wire::StreamId second) {
         session.end_with_reset(first);
         session.end_with_reset(second);
       }},
      {"create streams",
       [](Session& session, wire::StreamId, wire::StreamId) {
         // Many, so that the session's tables grow under whoever walks them.
         for (int i = 0; i < 50; ++i) {
           if (!session.create_stream({{"n", "v"}}, {}, session::Time())) return;
         }
       }},
      {"close", [](Session& session, wire::StreamId,
                   wire::StreamId) { session.close(wire::GoAwayStatus::kOk); }},
      {"abort",
       [](Session& session, wire::StreamId, wire::StreamId) {
         session.abort(Error(session::Errc::kConnectionClosed, "aborted by an owner"));
       }},
      {"output",
       [](Session& session, wire::StreamId, wire::StreamId) {
         session.output_sent(joined(session.output()).size(), session::Time());
       }},
      {"trace", [](Session& session, wire::StreamId, wire::StreamId) { session.on_trace({}); }},
  };
}

using Way = std::function<void(Writers&)>;

std::vector<std::pair<const char*, Way>> ways() {
  return {
      {"sent",
       [](Writers& writers) {
         Session& session = writers.client->session;
         session.output_sent(joined(session.output()).size(), writers.client->clock.now());
       }},
      {"reset",
       [](Writers& writers) {
         writers.client->session.reset(writers.first, wire::RstStatus::kCancel);
         writers.client->session.reset(writers.second, wire::RstStatus::kCancel);
       }},
      {"reset while in a batch",
       [](Writers& writers) {
         const std::size_t size = joined(writers.client->session.output()).size();
         writers.client->session.reset(writers.first, wire::RstStatus::kCancel);
         writers.client->output_sent(size);
       }},
      {"reset by the peer",
       [](Writers& writers) {
         for (const wire::StreamId id : {writers.first, writers.second}) {
           writers.client->receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel});
         }
       }},
      {"abort",
       [](Writers& writers) {
         writers.client->session.abort(Error(session::Errc::kConnectionClosed, "for a test"));
       }},
      {"abort while in a batch",
       [](Writers& writers) {
         const std::size_t size = joined(writers.client->session.output()).size();
         writers.client->output_sent(size / 2);
         writers.client->session.abort(Error(session::Errc::kConnectionClosed, "for a test"));
       }},
      {"the end of the connection", [](Writers& writers) { writers.client->receive_end(); }},
      {"the end of the connection, while in a batch",
       [](Writers& writers) {
         const std::size_t size = joined(writers.client->session.output()).size();
         writers.client->output_sent(size / 2);
         writers.client->receive_end();
       }},
      {"a session error",
       [](Writers& writers) { writers.client->receive(wire::SynStreamFrame{.stream_id = 1}); }},
      {"a stream error",
       [](Writers& writers) {
         for (const wire::StreamId id : {writers.first, writers.second}) {
           writers.client->receive(wire::SynReplyFrame{.stream_id = id});
         }
       }},
      {"close, and the peer resets",
       [](Writers& writers) {
         writers.client->session.close(wire::GoAwayStatus::kOk);
         for (const wire::StreamId id : {writers.first, writers.second}) {
           writers.client->receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel});
         }
       }},
      {"the session's end", [](Writers& writers) { writers.client.reset(); }},
  };
}

TEST_CASE("an owner may call the session when it is freed", "[session][owners]") {
  for (const auto& [way_name, way] : ways()) {
    for (const auto& [action_name, action] : actions()) {
      INFO(way_name << ", then " << action_name);
      Writers writers;
      writers.write();
      int actions_left = Writers::kBuffers;
      writers.action = [&, &act = action](Session& session) {
        if (actions_left-- > 0) act(session, writers.first, writers.second);
      };
      way(writers);
      if (!writers.client) {
        CHECK(writers.freed == Writers::kBuffers);
        continue;
      }
      SessionDriver& client = *writers.client;
      client.turn();
      client.session.abort(Error(session::Errc::kConnectionClosed, "the end of the test"));
      CHECK(writers.freed == Writers::kBuffers);
      for (const std::string& line : client.told()) {
        INFO(line);
        CHECK(line.starts_with("on_"));  // in its place, and inside a turn
      }
      CHECK(client.session.stream_count() == 0);
      CHECK(client.session.stats().queued_bytes == 0);
      CHECK(client.session.finished());
    }
  }
}

TEST_CASE("an owner writes the next piece when it is freed, to the end", "[session][owners]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  int left = 100;
  std::function<void()> next = [&] {
    if (left-- > 0) {
      CHECK_THAT(client.session.write(id, Owner::buffer(next)), IsSuccess());
    } else {
      client.session.end(id);
    }
  };
  next();
  while (client.session.has_output()) client.sent();
  CHECK(client.sent_payload(id).size() == 100 * 100);
  CHECK(client.told() == Lines{"on_sent 1 ok"});
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("owners of streams that were not sent", "[session][owners]") {
  session::Options options = without_windows();
  options.create_timeout = std::chrono::seconds(1);
  SessionDriver client(Role::kClient, options);
  int freed = 0;
  for (int i = 0; i < 4; ++i) {
    const auto id = client.create();
    CHECK_THAT(
        client.session.write(id, Owner::buffer([&] {
                               ++freed;
                               for (int more = 0; more < 20; ++more) {
                                 if (!client.session.create_stream({}, {}, client.clock.now()))
                                   return;
                               }
                             })),
        IsSuccess());
  }
  SECTION("a timeout") {
    client.clock.advance(std::chrono::seconds(1));
    client.turn();
  }
  SECTION("the peer's GOAWAY") { client.receive(wire::GoAwayFrame{}); }
  SECTION("a shutdown") {
    client.session.shutdown(client.clock.now());
    client.session.close(wire::GoAwayStatus::kOk);
  }
  CHECK(freed == 4);
}

TEST_CASE("an owner whose write is refused may call the session", "[session][owners]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.end(id);
  bool freed = false;
  CHECK(client.session.write(id, Owner::buffer([&] {
                               freed = true;
                               client.session.abort(
                                   Error(session::Errc::kConnectionClosed, "aborted by an owner"));
                             })));
  CHECK(freed);
  CHECK(client.told() == Lines{"on_stream_closed 1 kConnectionClosed"});
}

TEST_CASE("the trace's handler may call the session when it is freed", "[session][owners]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, "queued");
  bool freed = false;
  auto owner = std::make_shared<Owner>([&] {
    freed = true;
    client.session.reset(id, wire::RstStatus::kCancel);
    client.session.on_trace({});
  });
  client.session.on_trace([owner = std::move(owner)](const session::FrameTrace&) {});
  SECTION("replaced") {
    client.session.on_trace([](const session::FrameTrace&) {});
  }
  SECTION("the end of the session") {
    client.session.abort(Error(session::Errc::kConnectionClosed, "for a test"));
  }
  SECTION("the end of the connection") { client.receive_end(); }
  CHECK(freed);
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("a trace ends with the session", "[session][trace]") {
  SessionDriver client(Role::kClient);
  auto owner = std::make_shared<int>(0);
  client.session.on_trace([owner](const session::FrameTrace&) {});
  CHECK(owner.use_count() == 2);
  SECTION("aborted") {
    client.session.abort(Error(session::Errc::kConnectionClosed, "for a test"));
  }
  SECTION("the connection has ended") { client.receive_end(); }
  SECTION("failed, and that is said") {
    client.receive(wire::SynStreamFrame{.stream_id = 1});
    CHECK(owner.use_count() == 2);
    CHECK(client.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
  }
  CHECK(owner.use_count() == 1);
  // One that comes later is not kept either.
  client.session.on_trace([owner](const session::FrameTrace&) {});
  CHECK(owner.use_count() == 1);
}

}  // namespace
}  // namespace uvspdy::test
