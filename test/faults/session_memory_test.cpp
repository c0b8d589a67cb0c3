// A session when memory cannot be had: bad_alloc leaves the call, and the session is over. It
// refuses everything, reports nothing more, and can be destroyed.

#include <array>
#include <optional>

#include "faults/every_allocation.h"
#include "support/manual_clock.h"
#include "support/patterned_text.h"
#include "uvspdy/session/session.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;
using session::Session;

/// One endpoint whose user answers streams, echoes data and keeps to what Handler asks of it:
/// nothing is thrown out of a handler. Notes a handler that runs after a bad_alloc, or runs twice.
class Endpoint final : public session::Handler {
 public:
  Endpoint(Role role, const session::Options& options, const ManualClock& clock)
      : clock_(clock), role_(role) {
    in_library([&] { session_.emplace(role, options, *this); });
    session_->on_trace([](const session::FrameTrace&) {});
  }
  ~Endpoint() {
    in_library([&] { session_.reset(); });
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  Session& session() { return *session_; }
  bool is_out_of_memory() const { return out_of_memory_; }
  std::size_t received() const { return received_; }
  std::size_t closed() const { return closed_; }
  /// What must not be, if it was: noted, because handlers and destructors must not throw.
  const char* failure() const { return failure_; }

  /// Calls a function of the session; a bad_alloc is remembered.
  template <class Function>
  void call(Function function) {
    try {
      in_library(function);
    } catch (const std::bad_alloc&) {
      out_of_memory_ = true;
      in_test([this] { check_that_it_is_over(); });
    }
  }

  /// A buffer whose owner uses the session when it is freed, as a user's object may.
  Buffer owned(std::string_view text) {
    struct Owner {
      Endpoint& endpoint;
      ~Owner() {
        endpoint.call([this] {
          endpoint.session_->resume(1);
          (void)endpoint.session_->writable(1);
          (void)endpoint.session_->write(1, Buffer(bytes_of("x"), nullptr));
        });
      }
    };
    return in_test([&] { return Buffer(bytes_of(text), std::make_shared<const Owner>(*this)); });
  }

  void on_stream(wire::SynStreamFrame&& frame) override {
    in_test([&] {
      note();
      const wire::StreamId id = frame.stream_id;
      if (frame.unidirectional) return;
      if (id == kRefused) {
        return call([&] { session_->reset(id, wire::RstStatus::kRefusedStream); });
      }
      Headers headers{{"answer", "yes"}};
      call([&] { (void)session_->reply(id, std::move(headers)); });
    });
  }
  void on_reply(wire::StreamId, Headers&&) override { note(); }
  void on_headers(wire::StreamId, Headers&&) override { note(); }
  void on_data(wire::StreamId id, Bytes bytes) override {
    note();
    received_ += bytes.size();
    if (role_ == Role::kClient) return;
    in_test([&] {
      Buffer copy = Buffer::copy_of(bytes);
      call([&] { (void)session_->write(id, std::move(copy)); });
    });
  }
  void on_received(wire::StreamId id, const Error&) override {
    once(received_ends_, id);
    if (role_ == Role::kServer) {
      in_test([&] { call([&] { session_->end(id); }); });
    }
  }
  void on_sent(wire::StreamId id, const Error&) override { once(sent_ends_, id); }
  void on_stream_closed(wire::StreamId id, const Error&) override {
    ++closed_;
    once(closed_ends_, id);
  }
  void on_writable(wire::StreamId) override { note(); }
  void on_reply_sent(wire::StreamId) override { note(); }
  void on_settings(const wire::SettingsFrame&) override { note(); }
  void on_pong(std::uint32_t, std::chrono::nanoseconds) override { note(); }
  void on_goaway(const wire::GoAwayFrame&) override { note(); }

  static constexpr wire::StreamId kRefused = 5;

 private:
  using Seen = std::array<bool, 64>;

  void note() {
    if (out_of_memory_) failure_ = "a handler was called after bad_alloc";
  }
  void once(Seen& seen, wire::StreamId id) {
    note();
    if (std::exchange(seen.at(id), true)) failure_ = "an end was reported twice";
  }

  // The documented state of a session after bad_alloc.
  void check_that_it_is_over() {
    if (!session_) return;  // the constructor's
    Session& session = *session_;
    const session::Time now = clock_.now();
    const auto require = [this](bool holds, const char* what) {
      if (!holds) failure_ = what;
    };
    require(session.finished() && !session.is_open(), "after bad_alloc the session goes on");
    require(!session.has_output() && session.output().empty(), "after bad_alloc there is output");
    require(session.stream_count() == 0 && !session.writable(1),
            "after bad_alloc there is a stream");
    require(session.write(1, Buffer::copy_of("x")).code() == session::Errc::kNoSuchStream,
            "after bad_alloc write succeeds");
    require(session.create_stream({}, {}, now).error().code() == session::Errc::kConnectionClosed,
            "after bad_alloc create_stream succeeds");
    require(session.ping(now).error().code() == session::Errc::kConnectionClosed,
            "after bad_alloc ping succeeds");
    session.end(1);
    session.reset(1, wire::RstStatus::kCancel);
    session.resume(1);
    session.close(wire::GoAwayStatus::kOk);
    session.shutdown(now);
    session.output_sent(1, now);
    (void)session.stats();
  }

  const ManualClock& clock_;
  Role role_;
  std::optional<Session> session_;
  bool out_of_memory_ = false;
  const char* failure_ = nullptr;
  std::size_t received_ = 0;
  std::size_t closed_ = 0;
  Seen received_ends_{};
  Seen sent_ends_{};
  Seen closed_ends_{};
};

/// A client and a server, and a pipe between them, which goes on when one of them is over: the
/// other then has lost its connection.
class Connection {
 public:
  explicit Connection(const session::Options& options)
      : client(Role::kClient, options, clock), server(Role::kServer, options, clock) {}

  ManualClock clock;
  Endpoint client;
  Endpoint server;

  bool is_out_of_memory() const { return client.is_out_of_memory() || server.is_out_of_memory(); }

  /// Carries everything, and lets both report, until nothing moves.
  void run() {
    for (int quiet = 0; quiet < 2;) {
      clock.advance(std::chrono::milliseconds(1));
      const bool up = carry(client, server, to_server_);
      const bool down = carry(server, client, to_client_);
      advance(client);
      advance(server);
      quiet = up || down ? 0 : quiet + 1;
    }
  }

 private:
  static constexpr std::size_t kRead = 4000;

  bool carry(Endpoint& from, Endpoint& to, std::vector<std::uint8_t>& waiting) {
    bool moved = false;
    from.call([&] {
      const std::span<const Bytes> spans = from.session().output();
      std::size_t size = 0;
      in_test([&] {
        for (const Bytes span : spans) {
          waiting.insert(waiting.end(), span.begin(), span.end());
          size += span.size();
        }
      });
      if (size > 0) from.session().output_sent(size, clock.now());
      moved = size > 0;
    });
    Bytes rest(waiting);
    while (!rest.empty() && to.session().wants_input()) {
      const Bytes piece = rest.first(std::min(kRead, rest.size()));
      std::size_t taken = 0;
      to.call([&] { taken = to.session().receive(piece, clock.now()); });
      if (taken == 0) break;
      rest = rest.subspan(taken);
      moved = true;
    }
    waiting.erase(waiting.begin(), waiting.end() - static_cast<std::ptrdiff_t>(rest.size()));
    return moved;
  }

  void advance(Endpoint& endpoint) {
    for (int i = 0; i < 100; ++i) {
      const auto deadline = endpoint.session().deadline();
      if (!deadline || *deadline > clock.now()) return;
      endpoint.call([&] { endpoint.session().advance(clock.now()); });
    }
    FAIL("advance is due without end");
  }

  std::vector<std::uint8_t> to_server_;
  std::vector<std::uint8_t> to_client_;
};

Headers headers_of(std::string_view type) {
  return {{"streamtype", type}, {"a-name", "a value that is longer than a string keeps inside"}};
}

// The user's side of a client: what it calls, with the data on its way in between.
void use(Connection& connection) {
  Endpoint& client = connection.client;
  Session& session = client.session();
  const auto now = [&] { return connection.clock.now(); };
  const auto create = [&](std::string_view type, session::CreateOptions options = {}) {
    Headers headers = headers_of(type);
    client.call([&] { (void)session.create_stream(std::move(headers), options, now()); });
  };
  static const std::string payload = patterned_text(200000);
  create("data");                               // 1
  create("error", {.fin = true});               // 3
  create("refused");                            // 5: Endpoint::kRefused
  create("one way", {.unidirectional = true});  // 7
  create("reset");                              // 9
  create("paused", {.priority = 3});            // 11
  connection.run();
  for (std::size_t at = 0; at < payload.size(); at += 50000) {
    Buffer buffer = client.owned(std::string_view(payload).substr(at, 50000));
    client.call([&] { (void)session.write(1, std::move(buffer)); });
  }
  Headers more = headers_of("more");
  client.call([&] { (void)session.send_headers(1, std::move(more)); });
  client.call([&] { session.pause(11); });
  client.call([&] { (void)session.write(11, client.owned("to a paused reader")); });
  client.call([&] { (void)session.write(9, client.owned(payload)); });
  client.call([&] { session.end_with_reset(9); });
  client.call([&] { (void)session.write(7, client.owned("one way")); });
  client.call([&] { session.end(7); });
  client.call([&] { (void)session.ping(now()); });
  connection.run();
  client.call([&] {
    std::vector<wire::SettingsFrame::Entry> entries = in_test([] {
      return std::vector<wire::SettingsFrame::Entry>{
          {wire::SettingId::kInitialWindowSize, 0, 100000}};
    });
    (void)session.send_settings(std::move(entries));
  });
  connection.run();
  client.call([&] { session.resume(11); });
  connection.run();
  client.call([&] { session.end(11); });
  create("last");  // 13
  connection.run();
  client.call([&] { (void)session.write(13, client.owned(payload)); });
  client.call([&] { session.reset(13, wire::RstStatus::kCancel); });
  session::TraceHandler trace([](const session::FrameTrace&) {});
  client.call([&] { session.on_trace(std::move(trace)); });
  connection.run();
}

enum class End { kClose, kShutdown, kAbort, kLost, kViolation };

void end(Connection& connection, End how) {
  Endpoint& client = connection.client;
  Session& session = client.session();
  const session::Time now = connection.clock.now();
  const Error broken = Error(std::make_error_code(std::errc::connection_reset), "reset by peer");
  // Streams that are open, with data that waits, meet the end.
  Headers headers = headers_of("late");
  client.call([&] { (void)session.create_stream(std::move(headers), {}, now); });
  client.call([&] { (void)session.write(1, client.owned("the last of it")); });
  switch (how) {
    case End::kClose: client.call([&] { session.close(wire::GoAwayStatus::kOk); }); break;
    case End::kShutdown:
      client.call([&] { session.shutdown(now); });
      connection.server.call([&] { connection.server.session().shutdown(now); });
      client.call([&] { session.end(1); });
      break;
    case End::kAbort: client.call([&] { session.abort(broken); }); break;
    case End::kLost: client.call([&] { session.receive_end(broken); }); break;
    case End::kViolation: {
      static constexpr std::array<std::uint8_t, 8> kVersion9{0x80, 9, 0, 1, 0, 0, 0, 0};
      client.call([&] { (void)session.receive(kVersion9, now); });
      break;
    }
  }
  connection.run();
  connection.server.call([&] { connection.server.session().receive_end({}); });
  connection.run();
}

TEST_CASE("session: every allocation fails in turn", "[faults][session]") {
  const auto mode = GENERATE(FlowControl::kAutomatic, FlowControl::kNone);
  const auto how = GENERATE(End::kClose, End::kShutdown, End::kAbort, End::kLost, End::kViolation);
  session::Options options;
  options.flow_control = mode;
  options.ping_period = std::chrono::milliseconds(20);
  options.idle_timeout = std::chrono::hours(1);
  const std::size_t allocations = fail_every_allocation([&] {
    try {
      Connection connection(options);
      use(connection);
      end(connection, how);
      for (const Endpoint* endpoint : {&connection.client, &connection.server}) {
        if (endpoint->failure() != nullptr) FAIL(endpoint->failure());
      }
      if (connection.is_out_of_memory()) return;
      // Nothing has failed: all of it has happened.
      if (connection.client.received() < 200000) FAIL("the echo is not whole");
      if (connection.client.session().stream_count() != 0) FAIL("a stream is left");
      if (connection.client.closed() != 8) FAIL(connection.client.closed() << " streams closed");
    } catch (const std::bad_alloc&) {
      // The constructor's.
    }
  });
  CAPTURE(allocations);
  CHECK(allocations > 200);
}

}  // namespace
}  // namespace uvspdy::test
