// What handlers may do: everything, in every call, and never to be called from inside it.

#include <algorithm>
#include <set>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

TEST_CASE("functions that queue tell the handler nothing before the next advance",
          "[session][reentrancy]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.accept({.stream_id = 3});
  const auto own = server.create_accepted();
  server.session.pause(1);
  server.receive_data(1, "held", true);
  server.handler.take();
  const auto now = server.clock.now();

  server.receive(wire::SynStreamFrame{.stream_id = 5});
  CHECK(server.handler.take() == Lines{"on_stream 5 {}"});
  CHECK_THAT(server.session.reply(5, {}), IsSuccess());
  server.create({}, {.fin = true, .unidirectional = true});
  server.write(5, patterned_text(300 * 1000));
  server.session.end(5);
  server.session.pause(5);
  server.session.resume(1);
  server.session.reset(own, wire::RstStatus::kCancel);
  REQUIRE_THAT(server.session.ping(now), IsSuccess());
  server.session.keep_on_close(3);
  server.take_output();
  server.session.close(wire::GoAwayStatus::kOk);
  server.session.abort(Error(session::Errc::kConnectionClosed, "gone"));
  CHECK(server.handler.take().empty());
  REQUIRE(server.session.deadline());
  CHECK(*server.session.deadline() <= now);
  for (const std::string& line : server.told()) CHECK(line.rfind("on_", 0) == 0);
  CHECK(server.session.stream_count() == 0);
}

TEST_CASE("what a handler causes is told by a later advance", "[session][reentrancy]") {
  SessionDriver client(Role::kClient);
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name == "on_data" && id == first) {
      client.session.reset(second, wire::RstStatus::kCancel);
    }
  };
  client.receive_data(first, "x");
  CHECK(client.handler.take() == Lines{"on_data 1 'x'"});
  CHECK(client.told() == Lines{"on_stream_closed 3 kResetHere"});
}

// ---- every function of the Session, called in every function of the Handler

using Action = std::function<void(SessionDriver&, wire::StreamId)>;

const std::vector<std::pair<const char*, Action>>& actions() {
  static const std::vector<std::pair<const char*, Action>> all = {
      {"reset", [](SessionDriver& driver,
                   wire::StreamId id) { driver.session.reset(id, wire::RstStatus::kCancel); }},
      {"end", [](SessionDriver& driver, wire::StreamId id) { driver.session.end(id); }},
      {"pause", [](SessionDriver& driver, wire::StreamId id) { driver.session.pause(id); }},
      {"resume", [](SessionDriver& driver, wire::StreamId id) { driver.session.resume(id); }},
      {"hold", [](SessionDriver& driver, wire::StreamId id) { driver.session.hold(id); }},
      {"discard", [](SessionDriver& driver, wire::StreamId id) { driver.session.discard(id); }},
      {"pause and resume",
       [](SessionDriver& driver, wire::StreamId id) {
         driver.session.pause(id);
         driver.session.resume(id);
       }},
      {"write",
       [](SessionDriver& driver, wire::StreamId id) {
         (void)driver.session.write(id, Buffer::copy_of(patterned_text(200)));
       }},
      {"write and end",
       [](SessionDriver& driver, wire::StreamId id) {
         (void)driver.session.write(id, Buffer::copy_of("last words"));
         driver.session.end(id);
       }},
      {"write and end_with_reset",
       [](SessionDriver& driver, wire::StreamId id) {
         (void)driver.session.write(id, Buffer::copy_of("last words"));
         driver.session.end_with_reset(id);
       }},
      {"reply",
       [](SessionDriver& driver, wire::StreamId id) { (void)driver.session.reply(id, {}); }},
      {"create_stream",
       [](SessionDriver& driver, wire::StreamId) {
         // Many at a time, so that the session's tables grow under whoever walks them.
         for (int i = 0; i < 20; ++i) {
           (void)driver.session.create_stream({{"n", "v"}}, {}, driver.clock.now());
         }
       }},
      {"keep_on_close",
       [](SessionDriver& driver, wire::StreamId id) { driver.session.keep_on_close(id); }},
      {"ping", [](SessionDriver& driver,
                  wire::StreamId) { (void)driver.session.ping(driver.clock.now()); }},
      {"output",
       [](SessionDriver& driver, wire::StreamId) {
         driver.output_sent(joined(driver.session.output()).size());
       }},
      {"end and output",
       [](SessionDriver& driver, wire::StreamId id) {
         driver.session.end(id);
         driver.output_sent(joined(driver.session.output()).size());
       }},
      {"close and output",
       [](SessionDriver& driver, wire::StreamId) {
         driver.session.close(wire::GoAwayStatus::kOk);
         driver.output_sent(joined(driver.session.output()).size());
       }},
      {"close", [](SessionDriver& driver,
                   wire::StreamId) { driver.session.close(wire::GoAwayStatus::kOk); }},
      {"abort",
       [](SessionDriver& driver, wire::StreamId) {
         driver.session.abort(Error(session::Errc::kConnectionClosed, "aborted in a handler"));
       }},
      {"set_idle_timeout",
       [](SessionDriver& driver, wire::StreamId) {
         driver.session.set_idle_timeout(std::chrono::seconds(60), driver.clock.now());
       }},
      {"ask",
       [](SessionDriver& driver, wire::StreamId id) {
         (void)driver.session.writable(id);
         (void)driver.session.wants_input();
         (void)driver.session.has_output();
         (void)driver.session.deadline();
         (void)driver.session.finished();
         (void)driver.session.stats();
         (void)driver.session.stream_count();
       }},
  };
  return all;
}

const char* const kEvents[] = {"on_stream",   "on_reply",    "on_headers",      "on_data",
                               "on_received", "on_writable", "on_reply_sent",   "on_sent",
                               "on_pong",     "on_goaway",   "on_stream_closed"};

// A conversation in which a server's handler is called in every way. Errors are of no interest: the
// action may have ended anything.
void converse(SessionDriver& server) {
  const auto now = server.clock.now();
  const auto next = [&server] {
    server.turn();
    server.take_output();
    server.turn();
  };
  for (const wire::StreamId id : {1u, 3u, 5u}) {
    server.receive(wire::SynStreamFrame{.stream_id = id});
    (void)server.session.reply(id, {});
  }
  const auto own = server.session.create_stream({}, {}, now);
  const auto unanswered = server.session.create_stream({}, {}, now);
  (void)server.session.ping(now);
  next();
  if (own) server.receive(wire::SynReplyFrame{.stream_id = *own});
  server.receive(wire::PingFrame{2});
  server.receive(wire::HeadersFrame{.stream_id = 1, .headers = {{"a", "b"}}});
  server.receive_data(1, "straight");
  server.session.pause(3);
  server.receive_data(3, "held", true);
  server.session.resume(3);
  next();
  (void)server.session.write(1, Buffer::copy_of(patterned_text(150)));
  (void)server.session.write(3, Buffer::copy_of(patterned_text(150)));
  next();
  server.session.end(3);
  next();
  server.receive(wire::RstStreamFrame{5, wire::RstStatus::kCancel});
  server.receive_data(1, "rest", true);
  server.receive(wire::GoAwayFrame{unanswered ? *unanswered - 2 : 0});
  next();
}

// Per stream: closed once and last, no data behind the FIN, one FIN.
void check_order(const Lines& told) {
  std::set<std::string> finished;
  std::set<std::string> closed;
  for (const std::string& line : told) {
    CHECK(line.rfind("on_", 0) == 0);  // not OUTSIDE, NESTED or LATE
    const std::size_t first = line.find(' ');
    const std::string name = line.substr(0, first);
    const std::string id = line.substr(first + 1, line.find(' ', first + 1) - first - 1);
    if (name == "on_data") CHECK_FALSE(finished.contains(id));
    if (name == "on_received") CHECK(finished.insert(id).second);
    if (name == "on_stream_closed") CHECK(closed.insert(id).second);
  }
}

TEST_CASE("the conversation below has every call in it", "[session][reentrancy]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 100;
  SessionDriver server(Role::kServer, options);
  converse(server);
  const Lines told = server.told();
  for (const std::string event : kEvents) {
    INFO(event);
    CHECK(std::any_of(told.begin(), told.end(), [&event](const std::string& line) {
      return line.rfind(event + " ", 0) == 0;
    }));
  }
  check_order(told);
}

TEST_CASE("every function may be called in every handler", "[session][reentrancy]") {
  for (const std::string event : kEvents) {
    for (const auto& [what, action] : actions()) {
      // On the stream that is told about, or on all streams there may be.
      for (const bool all : {false, true}) {
        INFO(what << " in " << event << (all ? " on all streams" : ""));
        session::Options options = without_windows();
        options.limits.write_high_water = 100;
        SessionDriver server(Role::kServer, options);
        int calls = 0;
        server.handler.during = [&, act = action](std::string_view name, wire::StreamId id) {
          if (name != event || ++calls > 20) return;
          if (!all) return act(server, id);
          for (wire::StreamId each = 1; each < 10; ++each) act(server, each);
        };
        converse(server);
        CHECK(calls > 0);

        server.handler.during = nullptr;
        server.receive_end();
        for (wire::StreamId id = 1; id < 1000; ++id) server.session.resume(id);
        server.turn();
        check_order(server.handler.take());
        CHECK(server.session.stream_count() == 0);
        CHECK(server.session.finished());
        CHECK(server.session.stats().held_bytes == 0);
        CHECK(server.session.stats().queued_bytes == 0);
      }
    }
  }
}

}  // namespace
}  // namespace uvspdy::test
