// The server's side of portforward.k8s.io (WIRE section 6), seen by a client that creates the
// streams by hand.

#include "kube/server/served_port_forward.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/server/port_forward_fixture.h"
#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::closed_port;
using test::IsSuccess;
using test::patterned_text;
using test::PortForwardHost;
using test::RawServer;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<httpstream::Stream>;

/// A stream of the client's, and what came on it.
struct ClientStream {
  StreamPtr stream;
  Error refused;
  std::string data;
  bool ended = false;
  std::optional<Error> closed;
};

class Client {
 public:
  Client(TestLoop& loop, std::uint16_t port) : loop_(loop) {
    httpstream::Url url;
    url.host = "127.0.0.1";
    url.port = port;
    url.target = port_forward_target({"default", "demo", {}, {}});
    httpstream::Dialer(loop.get(), url)
        .dial({std::string(kPortForwardProtocol)}, [this](Result<httpstream::Dialed> dialed) {
          CHECK_THAT(dialed, IsSuccess());
          if (dialed) connection = std::move(dialed->connection);
        });
    REQUIRE(loop.run_until([this] { return connection != nullptr; }));
    connection->on_close([this](const Error&) { closed = true; });
  }

  /// Creates a stream, and waits for the answer.
  std::unique_ptr<ClientStream> create(const Headers& headers) {
    auto made = std::make_unique<ClientStream>();
    bool answered = false;
    connection->create_stream(headers, [&](Result<StreamPtr> stream) {
      answered = true;
      if (!stream) {
        made->refused = stream.error();
        return;
      }
      made->stream = *stream;
      ClientStream* at = made.get();
      (*stream)->on_data([at](Bytes bytes) { at->data += text_of(bytes); });
      (*stream)->on_end([at](const Error& error) { at->ended = !error; });
      (*stream)->on_close([at](const Error& error) { at->closed = error; });
    });
    REQUIRE(loop_.run_until([&] { return answered; }));
    return made;
  }
  std::unique_ptr<ClientStream> create(std::string_view type, std::uint16_t port,
                                       std::string_view request_id) {
    return create({{kHeaderStreamType, type},
                   {kHeaderPort, std::to_string(port)},
                   {kHeaderRequestId, request_id}});
  }

  std::shared_ptr<httpstream::Connection> connection;
  bool closed = false;

 private:
  TestLoop& loop_;
};

/// Both streams of a forwarded connection, as kubectl creates them.
struct ClientPair {
  std::unique_ptr<ClientStream> error;
  std::unique_ptr<ClientStream> data;

  ClientPair(Client& client, std::uint16_t port, std::string_view request_id) {
    error = client.create("error", port, request_id);
    REQUIRE(error->stream);
    error->stream->close();
    data = client.create("data", port, request_id);
    REQUIRE(data->stream);
  }
  bool over() const { return error->closed && data->closed; }
};

void close(TestLoop& loop, PortForwardHost& host, Client& client) {
  host.stop_listening();
  client.connection->close();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

/// A client that is connected to a port-forward server.
struct PortForwardTest {
  TestLoop loop;
  PortForwardHost host{loop};
  Client client{loop, host.port()};
};

/// A connected client, and a port of this machine that the server forwards to.
struct TargetTest : PortForwardTest {
  RawServer target{loop};
};

/// A connected client with the two streams of one connection that is forwarded to `target`.
struct ForwardedTest : TargetTest {
  ClientPair pair{client, target.port(), "0"};
};

}  // namespace

TEST_CASE("port_forward_target is the API server's") {
  CHECK(port_forward_target({"ns", "web 0", {}, {}}) ==
        "/api/v1/namespaces/ns/pods/web%200/portforward");
  CHECK(port_forward_target({"ns", "web", {}, {80, 81}}) ==
        "/api/v1/namespaces/ns/pods/web/portforward?ports=80&ports=81");
}

TEST_CASE_METHOD(
    ForwardedTest,
    "Port-forward server: bytes and half-closes both ways, then the error stream's end") {
  CHECK_THAT(pair.data->stream->write(Buffer(patterned_text(200000, 1))), IsSuccess());
  pair.data->stream->close();
  auto& peer = target.accept();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  CHECK(peer.received() == patterned_text(200000, 1));
  CHECK_FALSE(pair.error->ended);  // the other direction goes on
  peer.send(patterned_text(300000, 2));
  peer.shut_down();
  REQUIRE(loop.run_until([&] { return pair.over(); }));
  CHECK(pair.data->data == patterned_text(300000, 2));
  CHECK(pair.data->ended);
  CHECK_THAT(*pair.data->closed, IsSuccess());
  CHECK(pair.error->data.empty());
  CHECK(pair.error->ended);
  CHECK_THAT(*pair.error->closed, IsSuccess());
  CHECK(host.log().empty());
  close(loop, host, client);
}

TEST_CASE_METHOD(PortForwardTest,
                 "Port-forward server: pairs by requestID in any order, and by ids without") {
  std::vector<std::string> forwarded;
  std::vector<StreamPtr> streams;
  std::vector<std::shared_ptr<ForwardedConnection>> held;
  host.on_connection = [&](std::shared_ptr<ForwardedConnection> connection) {
    streams.push_back(connection->take_data_stream());
    CHECK(streams.back());
    CHECK_FALSE(connection->take_data_stream());
    if (streams.back()) {
      forwarded.push_back(std::to_string(connection->port()) + " by stream " +
                          std::to_string(streams.back()->identifier()));
    }
    held.push_back(std::move(connection));
  };
  std::vector<std::unique_ptr<ClientStream>> made;
  const auto create = [&](const Headers& headers) {
    made.push_back(client.create(headers));
    CHECK_THAT(made.back()->refused, IsSuccess());
  };
  SECTION("by requestID, from two connections at the same time, in either order") {
    create({{"streamtype", "error"}, {"port", "80"}, {"requestid", "7"}});  // 1
    create({{"streamtype", "data"}, {"port", "81"}, {"requestid", "8"}});   // 3
    create({{"streamtype", "data"}, {"port", "80"}, {"requestid", "7"}});   // 5
    create({{"streamtype", "error"}, {"port", "81"}, {"requestid", "8"}});  // 7
    REQUIRE(loop.run_until([&] { return forwarded.size() == 2; }));
    CHECK(forwarded == std::vector<std::string>{"80 by stream 5", "81 by stream 3"});
    // A number may be used again.
    create({{"streamtype", "error"}, {"port", "82"}, {"requestid", "7"}});  // 9
    create({{"streamtype", "data"}, {"port", "82"}, {"requestid", "7"}});   // 11
    REQUIRE(loop.run_until([&] { return forwarded.size() == 3; }));
    CHECK(forwarded.back() == "82 by stream 11");
  }
  SECTION("without, error N with data N + 2") {
    create({{"streamtype", "error"}, {"port", "80"}});  // 1
    create({{"streamtype", "data"}, {"port", "80"}});   // 3
    create({{"streamtype", "error"}, {"port", "81"}});  // 5
    create({{"streamtype", "data"}, {"port", "81"}});   // 7
    REQUIRE(loop.run_until([&] { return forwarded.size() == 2; }));
    CHECK(forwarded == std::vector<std::string>{"80 by stream 3", "81 by stream 7"});
  }
  SECTION("a requestID that looks like a stream's id is none") {
    create({{"streamtype", "error"}, {"port", "80"}, {"requestid", "1"}});  // 1
    create({{"streamtype", "data"}, {"port", "80"}});                       // 3
    create({{"streamtype", "data"}, {"port", "80"}, {"requestid", "1"}});   // 5
    REQUIRE(loop.run_until([&] { return forwarded.size() == 1; }));
    CHECK(forwarded.front() == "80 by stream 5");
  }
  // Dropping the connection ends the error stream, and resets a data stream that is still open.
  held.clear();
  REQUIRE(loop.run_until([&] { return streams.front()->is_closed() && made.front()->ended; }));
  close(loop, host, client);
}

TEST_CASE_METHOD(PortForwardTest,
                 "Port-forward server: what cannot be connected is told on the error stream") {
  const std::uint16_t port = closed_port(loop);
  const std::string what =
      "error forwarding port " + std::to_string(port) + " to pod demo, uid u-1: ";
  SECTION("refused") {
    ClientPair pair(client, port, "0");
    REQUIRE(loop.run_until([&] { return pair.over(); }));
    CHECK(pair.error->data.starts_with(what));
    CHECK(pair.error->data.find("ECONNREFUSED") != std::string::npos);
    CHECK(pair.error->ended);
    CHECK(pair.data->closed->code() == session::Errc::kStreamReset);
    CHECK_FALSE(pair.data->ended);
    CHECK(host.logged(what));
  }
  SECTION("a client that leaves its error stream open") {
    const auto error = client.create("error", port, "0");
    const auto data = client.create("data", port, "0");
    REQUIRE(loop.run_until([&] { return error->closed && data->closed; }));
    CHECK(error->data.starts_with(what));
    CHECK(error->ended);
  }
  SECTION("dropped without an answer") {
    host.on_connection = [](const auto&) {};
    ClientPair pair(client, port, "0");
    REQUIRE(loop.run_until([&] { return pair.over(); }));
    CHECK(pair.error->data == what + "the server has not connected it");
  }
  SECTION("only the first answer counts") {
    host.on_connection = [](const std::shared_ptr<ForwardedConnection>& connection) {
      connection->fail("first");
      connection->fail("second");
      CHECK_FALSE(connection->take_data_stream());
    };
    ClientPair pair(client, port, "0");
    REQUIRE(loop.run_until([&] { return pair.over(); }));
    CHECK(pair.error->data == what + "first");
  }
  // Others are not touched.
  host.on_connection = {};
  RawServer target(loop);
  ClientPair pair(client, target.port(), "1");
  CHECK_THAT(pair.data->stream->write(Buffer::copy_of("hello")), IsSuccess());
  auto& peer = target.accept();
  REQUIRE(loop.run_until([&] { return peer.received() == "hello"; }));
  peer.close();
  pair.data->stream->close();
  REQUIRE(loop.run_until([&] { return pair.over(); }));
  close(loop, host, client);
}

TEST_CASE_METHOD(TargetTest,
                 "Port-forward server: a target that breaks ends its own pair, without a text") {
  ClientPair broken(client, target.port(), "0");
  ClientPair other(client, target.port(), "1");
  REQUIRE(loop.run_until([&] { return target.peers.size() == 2; }));
  CHECK_THAT(broken.data->stream->write(Buffer::copy_of("hello")), IsSuccess());
  REQUIRE(loop.run_until([&] { return target.peers[0]->received() == "hello"; }));
  target.peers[0]->send("half an ans");
  REQUIRE(loop.run_until([&] { return broken.data->data == "half an ans"; }));
  target.peers[0]->vanish();
  REQUIRE(loop.run_until([&] { return broken.over(); }));
  CHECK(broken.data->closed->code() == session::Errc::kStreamReset);
  CHECK_FALSE(broken.data->ended);
  CHECK(broken.error->data.empty());
  CHECK(broken.error->ended);
  CHECK(host.logged("forwarding port " + std::to_string(target.port()) + " to pod demo"));

  CHECK_THAT(other.data->stream->write(Buffer::copy_of("still there")), IsSuccess());
  REQUIRE(loop.run_until([&] { return target.peers[1]->received() == "still there"; }));
  target.close();
  close(loop, host, client);
  CHECK(target.peers[1]->ended());
}

TEST_CASE_METHOD(
    ForwardedTest,
    "Port-forward server: a client that resets breaks the target off, and hears the end") {
  auto& peer = target.accept();
  // As kubectl does when its local client has gone in the middle of a download.
  peer.send(patterned_text(20000000));
  REQUIRE(loop.run_until([&] { return pair.data->data.size() > 100000; }));
  const bool takes_the_error_stream = GENERATE(false, true);
  (takes_the_error_stream ? pair.error : pair.data)->stream->reset();
  REQUIRE(loop.run_until([&] { return pair.over() && peer.ended(); }));
  if (!takes_the_error_stream) CHECK(pair.error->ended);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  CHECK(host.log().empty());
  CHECK_FALSE(client.closed);
  close(loop, host, client);
}

TEST_CASE_METHOD(ForwardedTest,
                 "Port-forward server: what a client sent before it went reaches a slow target") {
  auto& peer = target.accept();
  peer.stop_reading();
  const std::string text = patterned_text(12000000);
  bool sent = false;
  pair.data->stream->on_sent([&sent](const Error& error) { sent = !error; });
  CHECK_THAT(pair.data->stream->write(Buffer(text)), IsSuccess());
  pair.data->stream->close();
  // No more than it takes for the rest to be on its way: then much of it waits in the relay.
  while (!sent) {
    loop.run_turns(10);
    const std::size_t before = peer.received().size();
    peer.start_reading();
    REQUIRE(loop.run_until([&] { return sent || peer.received().size() > before; }));
    peer.stop_reading();
  }
  loop.run_turns(10);
  CHECK(peer.received().size() < text.size());
  if (GENERATE(false, true)) {
    client.connection->abort();
  } else {
    client.connection->close();
  }
  loop.run_turns(10);
  peer.start_reading();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  CHECK(peer.received() == text);
  CHECK_THAT(peer.end(), IsSuccess());  // it had ended its direction
  close(loop, host, client);
}

TEST_CASE_METHOD(ForwardedTest,
                 "Port-forward server: an upload that breaks off is no whole one for the target") {
  auto& peer = target.accept();
  const std::string half = patterned_text(1000000);
  CHECK_THAT(pair.data->stream->write(Buffer(half)), IsSuccess());
  REQUIRE(loop.run_until([&] { return peer.received().size() == half.size(); }));
  const int how = GENERATE(0, 1, 2, 3, 4);
  INFO(how);
  if (how == 0) pair.data->stream->reset();
  if (how == 1) pair.error->stream->reset();
  if (how == 2) client.connection->abort();
  if (how == 3) client.connection->close();  // resets all streams, as apimachinery does
  if (how == 4) host.terminate();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  CHECK(peer.received() == half);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  close(loop, host, client);
}

TEST_CASE_METHOD(
    ForwardedTest,
    "Port-forward server: kubectl's reset behind the target's end is an end in order") {
  auto& peer = target.accept();
  CHECK_THAT(pair.data->stream->write(Buffer::copy_of("question")), IsSuccess());
  REQUIRE(loop.run_until([&] { return peer.received() == "question"; }));
  peer.send("answer");
  peer.shut_down();
  REQUIRE(loop.run_until([&] { return pair.data->ended; }));
  CHECK(pair.data->data == "answer");
  // It waits for the end of the error stream behind that.
  pair.data->stream->reset();
  REQUIRE(loop.run_until([&] { return pair.over() && peer.ended(); }));
  CHECK_THAT(peer.end(), IsSuccess());
  CHECK(pair.error->ended);
  CHECK(pair.error->data.empty());
  CHECK(host.log().empty());
  close(loop, host, client);
}

TEST_CASE_METHOD(PortForwardTest,
                 "Port-forward server: a client that leaves before it is answered") {
  std::shared_ptr<ForwardedConnection> waiting;
  int gone = 0;
  host.on_connection = [&](std::shared_ptr<ForwardedConnection> connection) {
    connection->on_gone([&] { ++gone; });
    waiting = std::move(connection);
  };
  ClientPair pair(client, 80, "0");
  REQUIRE(loop.run_until([&] { return waiting != nullptr; }));
  // What it has sent is of no use, and does not hide that it has gone.
  const bool has_sent = GENERATE(false, true);
  if (has_sent) {
    CHECK_THAT(pair.data->stream->write(Buffer::copy_of("question")), IsSuccess());
    bool answered = false;
    client.connection->ping([&](const auto&) { answered = true; });
    REQUIRE(loop.run_until([&] { return answered; }));
  }
  const int how = GENERATE(0, 1, 2, 3);
  if (how == 0) pair.data->stream->reset();
  if (how == 1) pair.error->stream->reset();
  if (how == 2) client.connection->abort();
  if (how == 3) host.terminate();
  REQUIRE(loop.run_until([&] { return gone == 1; }));
  // It takes no answer any more.
  test::TcpPair tcp(loop);
  test::RawPeer target(std::move(tcp.server));
  target.start_reading();
  waiting->connect_to(std::move(tcp.client));
  waiting->fail("too late");
  REQUIRE(loop.run_until([&] { return target.ended(); }));
  if (how < 2) REQUIRE(loop.run_until([&] { return pair.over(); }));
  CHECK(pair.error->data.empty());
  // Set late, it is told all the same.
  waiting->on_gone([&] { waiting.reset(); });
  CHECK(waiting);
  REQUIRE(loop.run_until([&] { return waiting == nullptr; }));
  close(loop, host, client);
  CHECK(gone == 1);
}

TEST_CASE("Port-forward server: wrong streams are refused") {
  TestLoop loop;
  PortForwardHost host(loop);
  host.max_connections = 2;
  Client client(loop, host.port());
  int connections = 0;
  host.on_connection = [&](const auto&) { ++connections; };
  const auto refused = [&](const Headers& headers, const std::string& why) {
    const auto stream = client.create(headers);
    INFO(why);
    CHECK(stream->refused.code() == session::Errc::kStreamRefused);
    CHECK(host.logged(why));
  };
  refused({{"streamtype", "data"}}, "\"port\" header is required");
  refused({{"streamtype", "data"}, {"port", "http"}}, "unable to parse \"http\" as a port");
  refused({{"streamtype", "data"}, {"port", "80x"}}, "unable to parse \"80x\" as a port");
  refused({{"streamtype", "data"}, {"port", "65536"}}, "unable to parse \"65536\" as a port");
  refused({{"streamtype", "data"}, {"port", "-1"}}, "unable to parse \"-1\" as a port");
  refused({{"streamtype", "data"}, {"port", "0"}}, "port \"0\" must be > 0");
  refused({{"port", "80"}}, "\"streamType\" header is required");
  refused({{"port", "80"}, {"streamtype", "stdin"}}, "invalid stream type \"stdin\"");
  refused({{"port", "80"}, {"streamtype", "a\nb\xc2\x9b"}}, "invalid stream type \"a b?\"");

  const auto error = client.create("error", 80, "7");
  CHECK_THAT(error->refused, IsSuccess());
  refused({{"streamtype", "error"}, {"port", "80"}, {"requestid", "7"}},
          "error processing stream for request 7: error stream already assigned");
  const auto other = client.create("data", 80, "8");
  CHECK_THAT(other->refused, IsSuccess());
  refused({{"streamtype", "data"}, {"port", "80"}, {"requestid", "8"}},
          "error processing stream for request 8: data stream already assigned");
  refused({{"streamtype", "error"}, {"port", "80"}, {"requestid", "9"}}, "max_connections = 2");

  const auto mismatch = client.create("data", 81, "7");
  CHECK_THAT(mismatch->refused, IsSuccess());
  REQUIRE(loop.run_until([&] { return error->ended && mismatch->closed; }));
  CHECK(error->data ==
        "error processing stream for request 7: the error stream is for port 80, the data stream "
        "for port 81");
  CHECK(connections == 0);
  CHECK_FALSE(client.closed);
  close(loop, host, client);
}

TEST_CASE("Port-forward server: times that are out of any clock's reach") {
  TestLoop loop;
  PortForwardHost host(loop);
  const bool below_zero = GENERATE(true, false);
  host.stream_creation_timeout = below_zero ? -1ms : std::chrono::milliseconds::max();
  Client client(loop, host.port());
  const auto error = client.create("error", 80, "0");
  if (below_zero) {
    REQUIRE(loop.run_until([&] { return error->closed.has_value(); }));
  } else {
    bool answered = false;
    client.connection->ping([&](const auto&) { answered = true; });
    REQUIRE(loop.run_until([&] { return answered; }));
    CHECK_FALSE(error->closed);
  }
  close(loop, host, client);
}

TEST_CASE("Port-forward server: a pair that stays incomplete is ended in time") {
  TestLoop loop;
  PortForwardHost host(loop);
  host.stream_creation_timeout = 30ms;
  Client client(loop, host.port());
  int connections = 0;
  host.on_connection = [&](const auto&) { ++connections; };
  const auto error = client.create("error", 80, "0");
  const auto data = client.create("data", 80, "1");
  REQUIRE(loop.run_until([&] { return error->closed && data->closed; }));
  CHECK(error->data == "request 0: timed out waiting for streams");
  CHECK(error->ended);
  CHECK(data->closed->code() == session::Errc::kStreamReset);
  CHECK(host.logged("request 1: timed out waiting for streams"));
  CHECK_FALSE(client.closed);
  // One that loses its first stream is forgotten.
  const auto lost = client.create("data", 80, "2");
  CHECK_THAT(lost->refused, IsSuccess());
  lost->stream->reset();
  bool answered = false;
  client.connection->ping([&](const auto&) { answered = true; });
  REQUIRE(loop.run_until([&] { return answered; }));
  const auto late = client.create("error", 80, "2");
  REQUIRE(loop.run_until([&] { return late->closed.has_value(); }));
  CHECK(late->data == "request 2: timed out waiting for streams");
  CHECK(connections == 0);
  close(loop, host, client);
}

TEST_CASE("Port-forward server: closes when nothing has gone over it for its time") {
  TestLoop loop;
  PortForwardHost host(loop);
  host.stream_idle_timeout = 200ms;
  Client client(loop, host.port());
  RawServer target(loop);
  ClientPair pair(client, target.port(), "0");
  auto& peer = target.accept();
  REQUIRE(loop.run_until([&] { return client.closed; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.logged("no frame for 200 ms"));
  CHECK(host.sessions() == 0);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
}

TEST_CASE_METHOD(ForwardedTest,
                 "Port-forward server: terminate ends it with all that it forwards") {
  auto& peer = target.accept();
  const auto waiting = client.create("error", 80, "1");
  CHECK_THAT(waiting->refused, IsSuccess());
  host.terminate();
  host.stop_listening();
  REQUIRE(loop.run_until([&] { return client.closed && peer.ended() && host.sessions() == 0; }));
  REQUIRE(loop.run_out());
}
