// Promise 2 of the design: a handler never runs inside a call, runs as often as its header says,
// and never after on_close; anything may be closed, reset or dropped inside any handler. Every
// action is done inside every handler of both sides.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/connection.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::TestLoop;

namespace {

// Past the high-water mark of a stream, so that on_writable is called.
constexpr std::size_t kPayload = 600 * 1000;

/// Where an action may happen.
enum class Place {
  kCreated,
  kNewStream,
  kReplySent,
  kData,
  kWritable,
  kEnd,
  kEndSent,
  kStreamClosed,
  kPong,
  kConnectionClosed,
};
constexpr std::array kPlaces = {"create_stream's handler",
                                "the new stream handler",
                                "on_reply_sent",
                                "on_data",
                                "on_writable",
                                "on_end",
                                "on_sent",
                                "the stream's on_close",
                                "ping's handler",
                                "the connection's on_close"};

/// One side of the exchange: what it holds, and what its handlers have heard.
struct Side {
  std::shared_ptr<Connection> connection;
  std::shared_ptr<Stream> stream;
  std::weak_ptr<Connection> weak_connection;  // to close it when the pointer has been dropped
  bool had_stream = false;
  std::array<int, kPlaces.size()> calls{};
  int asked = 0;     // extra calls of create_stream and ping
  int answered = 0;  // and how many of their handlers have run

  int count(Place place) const { return calls[static_cast<std::size_t>(place)]; }
};

/// A client that creates a stream, sends a lot, and half-closes; a server that echoes. When the
/// stream is over, or could not be created, each side closes its connection.
class Exchange {
 public:
  using Action = std::function<void(Exchange&, Side&)>;

  Exchange(TestLoop& loop, bool by_tls) : loop_(loop), by_tls_(by_tls) {}

  Side client;
  Side server;
  Side* act_on = nullptr;
  Place place = Place::kCreated;
  Action action;

  void run() {
    auto [of_client, of_server] = transports();
    client.connection =
        Connection::create(std::move(of_client), session::Role::kClient, test::patient_options());
    ConnectionOptions options = test::patient_options();
    options.session.limits.write_high_water = 10 * 1000;  // passed by one frame
    server.connection = Connection::create(std::move(of_server), session::Role::kServer, options);
    server.connection->on_new_stream(
        [this, token = token_](std::shared_ptr<Stream> stream, StreamDecision decision) {
          new_stream(std::move(stream), std::move(decision));
        });
    for (Side* side : {&client, &server}) {
      side->weak_connection = side->connection;
      side->connection->on_close([this, side, token = token_](const Error&) {
        CHECK(side->count(Place::kStreamClosed) == (side->had_stream ? 1 : 0));
        heard(*side, Place::kConnectionClosed);
      });
    }
    const auto connection = client.connection;
    outside.during([&] {
      connection->ping([this, token = token_](Result<std::chrono::nanoseconds>) {
        heard(client, Place::kPong);
      });
      connection->create_stream({{"a", "b"}},
                                [this, token = token_](Result<std::shared_ptr<Stream>> stream) {
                                  created(std::move(stream));
                                });
    });
  }

  /// Whether each handler was called as often as it should have been, and all of them are freed.
  void check() {
    for (const Side* side : {&client, &server}) {
      CHECK(side->count(Place::kConnectionClosed) == 1);
      CHECK(side->count(Place::kStreamClosed) == (side->had_stream ? 1 : 0));
      CHECK(side->count(Place::kEnd) <= 1);
      CHECK(side->count(Place::kEndSent) <= 1);
      CHECK(side->count(Place::kReplySent) <= 1);
      CHECK(side->answered == side->asked);
    }
    CHECK(client.count(Place::kCreated) == 1);
    CHECK(client.count(Place::kPong) == 1);
    CHECK(token_.use_count() == 1);
  }

  void close(Side& side) {
    if (const auto connection = side.weak_connection.lock()) {
      outside.during([&] { connection->close(); });
    }
  }

  test::OutsideCalls outside;

 private:
  using TransportPtr = std::unique_ptr<net::Transport>;

  std::pair<TransportPtr, TransportPtr> transports() {
    test::TcpPair tcp(loop_);
    if (!by_tls_) return {std::move(tcp.client), std::move(tcp.server)};
    static const auto for_client = test::client_context();
    static const auto for_server = test::server_context();
    test::TlsPair tls(loop_, std::move(tcp), for_client, for_server);
    tls.open();
    return {std::move(tls.client.transport), std::move(tls.server.transport)};
  }

  // Every handler begins here.
  void heard(Side& side, Place where) {
    INFO(kPlaces[static_cast<std::size_t>(where)]);
    CHECK(outside.holds());
    // None comes behind the last one.
    CHECK(side.count(Place::kConnectionClosed) == 0);
    if (where != Place::kPong && where != Place::kCreated && where != Place::kConnectionClosed) {
      CHECK(side.count(Place::kStreamClosed) == 0);
    }
    if (where == Place::kData) CHECK(side.count(Place::kEnd) == 0);
    const bool first = side.calls[static_cast<std::size_t>(where)]++ == 0;
    if (first && &side == act_on && where == place) action(*this, side);
  }

  void created(Result<std::shared_ptr<Stream>> stream) {
    if (stream) {
      client_stream_ = *stream;
      set_up(client, *stream);
      (*stream)->on_writable([this, token = token_] {
        heard(client, Place::kWritable);
        send_more();
      });
      send_more();
    }
    heard(client, Place::kCreated);
    if (!stream) close(client);
  }

  void new_stream(std::shared_ptr<Stream> stream, StreamDecision decision) {
    if (server.had_stream) return decision.reject();  // one that an action asked for
    set_up(server, stream);
    const std::weak_ptr<Stream> weak = stream;
    stream->on_writable([this, weak, token = token_] {
      heard(server, Place::kWritable);
      if (const auto held = weak.lock()) outside.during([&] { held->resume(); });
    });
    outside.during([&] {
      decision.on_reply_sent([this, token = token_] { heard(server, Place::kReplySent); });
    });
    heard(server, Place::kNewStream);
    outside.during([&] { decision.accept(); });
  }

  // What both sides do. The handlers hold the stream weakly: the side may drop it.
  void set_up(Side& side, const std::shared_ptr<Stream>& stream) {
    side.stream = stream;
    side.had_stream = true;
    const std::weak_ptr<Stream> weak = stream;
    outside.during([&] {
      stream->on_data([this, &side, weak, token = token_](Bytes bytes) {
        heard(side, Place::kData);
        const auto held = weak.lock();
        if (&side != &server || !held) return;
        outside.during([&] {
          if (!held->write(Buffer::copy_of(bytes)) && !held->writable()) held->pause();
        });
      });
      stream->on_end([this, &side, weak, token = token_](const Error&) {
        heard(side, Place::kEnd);
        const auto held = weak.lock();
        if (&side == &server && held) outside.during([&] { held->close(); });
      });
      stream->on_sent(
          [this, &side, token = token_](const Error&) { heard(side, Place::kEndSent); });
      stream->on_close([this, &side, token = token_](const Error&) {
        heard(side, Place::kStreamClosed);
        close(side);
      });
    });
  }

  void send_more() {
    const auto stream = client_stream_.lock();
    if (!stream) return;
    outside.during([&] {
      while (sent_ < kPayload && stream->writable()) {
        const std::size_t size = std::min<std::size_t>(100 * 1000, kPayload - sent_);
        if (stream->write(Buffer(test::patterned_text(size)))) return;
        sent_ += size;
      }
      if (sent_ == kPayload) stream->close();
    });
  }

  TestLoop& loop_;
  bool by_tls_;
  std::weak_ptr<Stream> client_stream_;
  std::size_t sent_ = 0;
  // A copy in every handler: they are freed when it is alone again.
  std::shared_ptr<int> token_ = std::make_shared<int>(0);
};

struct NamedAction {
  const char* name;
  Exchange::Action act;
};

void ask_more(Exchange& exchange, Side& side) {
  const auto connection = side.weak_connection.lock();
  if (!connection) return;
  side.asked += 2;
  exchange.outside.during([&] {
    connection->create_stream({}, [&](Result<std::shared_ptr<Stream>> stream) {
      CHECK(exchange.outside.holds());
      ++side.answered;
      if (stream) exchange.outside.during([&] { (*stream)->reset(); });
    });
    connection->ping([&](Result<std::chrono::nanoseconds>) {
      CHECK(exchange.outside.holds());
      ++side.answered;
    });
  });
}

const std::vector<NamedAction>& actions() {
  static const std::vector<NamedAction> all = {
      {"nothing", [](Exchange&, Side&) {}},
      {"reset the stream",
       [](Exchange& exchange, Side& side) {
         const auto stream = side.stream;
         if (stream) exchange.outside.during([&] { stream->reset(); });
         if (!stream) exchange.close(side);
       }},
      {"half-close the stream",
       [](Exchange& exchange, Side& side) {
         if (side.stream) exchange.outside.during([&] { side.stream->close(); });
       }},
      {"close the connection", [](Exchange& exchange, Side& side) { exchange.close(side); }},
      {"abort the connection",
       [](Exchange& exchange, Side& side) {
         exchange.outside.during([&] { side.weak_connection.lock()->abort(); });
       }},
      {"drop everything",
       [](Exchange&, Side& side) {
         side.stream.reset();
         side.connection.reset();
       }},
      {"reset, close and drop everything",
       [](Exchange& exchange, Side& side) {
         exchange.outside.during([&] {
           if (side.stream) side.stream->reset();
           side.connection->close();
           side.connection->abort();
           side.stream.reset();
           side.connection.reset();
         });
       }},
      {"take the stream's handlers away and close",
       [](Exchange& exchange, Side& side) {
         if (const auto stream = side.stream) {
           exchange.outside.during([&] {
             stream->on_data({});
             stream->on_end({});
             stream->on_sent({});
             stream->on_writable({});
             stream->on_headers({});
             stream->on_close({});
           });
           side.had_stream = side.count(Place::kStreamClosed) > 0;
         }
         exchange.close(side);
       }},
      {"ask for another stream and a PING", ask_more},
      {"ask for another stream and a PING and drop everything",
       [](Exchange& exchange, Side& side) {
         ask_more(exchange, side);
         side.stream.reset();
         side.connection.reset();
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("Anything may be done inside any handler") {
  const bool by_tls = GENERATE(false, true);
  for (const NamedAction& action : actions()) {
    for (std::size_t place = 0; place < kPlaces.size(); ++place) {
      for (const bool on_server : {false, true}) {
        const auto where = static_cast<Place>(place);
        const bool clients_only = where == Place::kCreated || where == Place::kPong;
        const bool servers_only = where == Place::kNewStream || where == Place::kReplySent;
        if (on_server ? clients_only : servers_only) continue;
        CAPTURE(action.name, kPlaces[place], on_server, by_tls);
        TestLoop loop;
        Exchange exchange(loop, by_tls);
        exchange.act_on = on_server ? &exchange.server : &exchange.client;
        exchange.place = where;
        exchange.action = action.act;
        exchange.run();
        REQUIRE(loop.run_out());
        CHECK(exchange.act_on->count(where) > 0);  // the action was done
        exchange.check();
      }
    }
  }
}
