// What a connection costs that nobody uses at the moment: in memory of this process, the kernel's
// buffers left out.

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/pump.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::TestLoop;
using test::TlsPair;

namespace {

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Both ends of one connection by TLS.
struct Ends {
  std::shared_ptr<Connection> client;
  std::shared_ptr<Connection> server;
};

Ends connect(TestLoop& loop, const std::shared_ptr<net::TlsClientContext>& for_client,
             const std::shared_ptr<net::TlsServerContext>& for_server) {
  TlsPair tls(loop, for_client, for_server);
  tls.open();
  const auto server = Connection::create(std::move(tls.server.transport), session::Role::kServer,
                                         test::patient_options());
  server->on_new_stream([](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
    decision.accept();
    Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
  });
  return {Connection::create(std::move(tls.client.transport), session::Role::kClient,
                             test::patient_options()),
          server};
}

/// Sends something back and forth on a stream, whose end leaves the connection idle.
void use(TestLoop& loop, const Ends& ends, const std::string& text) {
  std::size_t received = 0;
  bool over = false;
  std::shared_ptr<Stream> stream;
  ends.client->create_stream({}, [&](Result<std::shared_ptr<Stream>> created) {
    CHECK_THAT(created, IsSuccess());
    if (!created) return;
    stream = *created;
    stream->on_data([&](Bytes bytes) { received += bytes.size(); });
    stream->on_close([&](const Error& error) {
      CHECK_THAT(error, IsSuccess());
      over = true;
    });
    CHECK_THAT(stream->write(Buffer(text)), IsSuccess());
    stream->close();
  });
  REQUIRE(loop.run_until([&] { return over; }));
  CHECK(received == text.size());
}

}  // namespace

TEST_CASE("Connection: by TLS and idle, each end costs less than 100 KiB") {
  constexpr std::size_t kConnections = 200;
  constexpr std::size_t kWarmUp = 20;
  TestLoop loop;
  const auto for_client = test::client_context();
  const auto for_server = test::server_context();
  const std::string text = test::patterned_text(300000);
  std::vector<Ends> connections;
  std::size_t before = 0;
  SECTION("never used") {
    for (std::size_t i = 0; i < kWarmUp + kConnections; ++i) {
      if (i == kWarmUp) before = resident_bytes();
      connections.push_back(connect(loop, for_client, for_server));
      loop.run_turns(3);
    }
  }
  SECTION("used before") {
    for (std::size_t i = 0; i < kWarmUp + kConnections; ++i) {
      if (i == kWarmUp) before = resident_bytes();
      connections.push_back(connect(loop, for_client, for_server));
      use(loop, connections.back(), text);
    }
  }
  const std::size_t after = resident_bytes();
  REQUIRE(before > 0);
  const std::size_t each = (after - std::min(after, before)) / (2 * kConnections);
  INFO("each end costs " << each << " bytes");
  CHECK(each > 0);  // or nothing was measured
  CHECK(each < std::size_t{100} * 1024);
  for (const Ends& ends : connections) ends.client->close();
  REQUIRE(loop.run_out());
}
