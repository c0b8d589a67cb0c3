// A connection by TLS ends as one without it does.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/tls_pair.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::TestLoop;
using test::TlsPair;

namespace {

/// A server that keeps what it gets on one stream, and when each end was told.
struct Receiver {
  std::shared_ptr<Connection> connection;
  std::shared_ptr<Stream> stream;
  std::string received;
  std::vector<std::string> told;
  Error end;

  explicit Receiver(std::unique_ptr<net::Transport> transport) {
    connection =
        Connection::create(std::move(transport), session::Role::kServer, test::patient_options());
    connection->on_new_stream([this](std::shared_ptr<Stream> created, StreamDecision decision) {
      stream = std::move(created);
      stream->on_data([this](Bytes bytes) { received += text_of(bytes); });
      stream->on_end([this](const Error& how) { told.emplace_back(how ? "broken" : "end"); });
      stream->on_close([this](const Error&) { told.emplace_back("stream closed"); });
      decision.accept();
    });
    connection->on_close([this](const Error& error) {
      told.emplace_back("closed");
      end = error;
    });
  }
};

std::shared_ptr<Stream> create_stream(TestLoop& loop, Connection& connection) {
  std::shared_ptr<Stream> stream;
  connection.create_stream({}, [&](Result<std::shared_ptr<Stream>> created) {
    CHECK_THAT(created, IsSuccess());
    if (created) stream = *created;
  });
  REQUIRE(loop.run_until([&] { return stream != nullptr; }));
  return stream;
}

}  // namespace

TEST_CASE(
    "Connection by TLS: what was written before close arrives, and the end is an orderly one") {
  TestLoop loop;
  TlsPair tls(loop);
  tls.open();
  Receiver server(std::move(tls.server.transport));
  const auto client = Connection::create(std::move(tls.client.transport), session::Role::kClient,
                                         test::patient_options());
  const auto stream = create_stream(loop, *client);
  const std::string text = test::patterned_text(5000000);
  CHECK_THAT(stream->write(Buffer(text)), IsSuccess());
  stream->close();
  int closed = 0;
  client->on_close([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    ++closed;
  });
  client->close();
  REQUIRE(loop.run_until([&] { return closed > 0 && !server.told.empty(); }));
  REQUIRE(loop.run_out());
  CHECK((server.received == text));
  CHECK(server.told == std::vector<std::string>{"end", "stream closed", "closed"});
  CHECK_THAT(server.end, IsSuccess());
  CHECK(closed == 1);
}

TEST_CASE("Connection by TLS: an end without close_notify is a lost connection, behind the data") {
  TestLoop loop;
  TlsPair tls(loop);
  tls.open();
  Receiver server(std::move(tls.server.transport));
  const auto client = Connection::create(std::move(tls.client.transport), session::Role::kClient,
                                         test::patient_options());
  const auto stream = create_stream(loop, *client);
  const std::string text = test::patterned_text(10000);
  CHECK_THAT(stream->write(Buffer(text)), IsSuccess());
  REQUIRE(loop.run_until([&] { return server.received.size() == text.size(); }));
  client->abort();
  REQUIRE(loop.run_out());
  CHECK((server.received == text));
  CHECK(server.told == std::vector<std::string>{"broken", "stream closed", "closed"});
  CHECK(server.end.code() == session::Errc::kConnectionLost);
}
