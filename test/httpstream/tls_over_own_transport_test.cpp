// Connections over TLS over a transport that is not the library's.

#include <memory>
#include <string>
#include <utility>

#include "support/pipe_transport.h"
#include "support/spdy_pair.h"
#include "support/tls_pair.h"

using namespace uvspdy;
using test::IsSuccess;
using test::PipePair;
using test::TestLoop;
using test::TlsPair;

TEST_CASE("Connection: over TLS over an embedder's transport, it ends") {
  TestLoop loop;
  TlsPair pair(loop, PipePair(loop.get()));
  pair.open();
  std::shared_ptr<httpstream::Stream> echoing;
  const auto server = httpstream::Connection::create(
      std::move(pair.server.transport), session::Role::kServer, test::patient_options());
  server->on_new_stream(
      [&](std::shared_ptr<httpstream::Stream> stream, httpstream::StreamDecision decision) {
        echoing = std::move(stream);
        echoing->on_data(
            [&](Bytes bytes) { CHECK_THAT(echoing->write(Buffer::copy_of(bytes)), IsSuccess()); });
        decision.accept();
      });
  const auto client = httpstream::Connection::create(
      std::move(pair.client.transport), session::Role::kClient, test::patient_options());
  int closed = 0;
  server->on_close([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    echoing.reset();
    ++closed;
  });
  client->on_close([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    ++closed;
  });
  std::string received;
  std::shared_ptr<httpstream::Stream> asking;
  client->create_stream({}, [&](Result<std::shared_ptr<httpstream::Stream>> stream) {
    CHECK_THAT(stream, IsSuccess());
    if (!stream) return;
    asking = *stream;
    (*stream)->on_data([&](Bytes bytes) {
      received += text_of(bytes);
      client->close();
    });
    CHECK_THAT((*stream)->write(Buffer(std::string("hello"))), IsSuccess());
  });
  REQUIRE(loop.run_until([&] { return closed == 2; }));
  CHECK(received == "hello");
  REQUIRE(loop.run_out());
}
