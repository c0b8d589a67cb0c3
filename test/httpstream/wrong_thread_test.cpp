// A call of a connection, or of a stream of it, from a wrong thread ends the process with a text
// that names it.

#include "support/wrong_thread.h"

#include <memory>
#include <string>
#include <utility>

#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::says;
using test::SpdyPair;
using test::TestLoop;

TEST_CASE("wrong thread: Connections name their peer, and streams their number") {
  if (!test::kThreadsAreChecked) SKIP_TEST("built with NDEBUG: threads are not checked");
  TestLoop loop;
  SpdyPair pair(loop);
  const auto streams = pair.stream();
  const std::shared_ptr<Stream> stream = streams.first;
  const std::shared_ptr<Connection> connection = pair.client.connection;
  const std::string name = "the Connection to 127.0.0.1:";
  CHECK(says(name, [&] { connection->on_new_stream({}); }));
  CHECK(says(name, [&] { connection->create_stream({}, {}); }));
  CHECK(says(name, [&] { connection->close(); }));
  CHECK(says(name, [&] { connection->shutdown(); }));
  CHECK(says(name, [&] { connection->abort(); }));
  CHECK(says(name, [&] { connection->on_close({}); }));
  CHECK(says(name, [&] { CHECK_FALSE(connection->is_closed()); }));
  CHECK(says(name, [&] { connection->set_idle_timeout(std::chrono::seconds(1)); }));
  CHECK(says(name, [&] { connection->remove_streams({}); }));
  CHECK(says(name, [&] { connection->ping({}); }));
  CHECK(says(name, [&] { connection->on_goaway({}); }));
  CHECK(says(name, [&] { connection->on_settings({}); }));
  CHECK(says(name, [&] { CHECK_FALSE(connection->send_settings({})); }));
  CHECK(says(name, [&] { connection->on_trace({}); }));
  CHECK(says(name, [&] { CHECK(connection->stats().streams == 1); }));
  CHECK(says(name, [&] { CHECK(connection->unacknowledged() == 0); }));
  CHECK(says(name, [&] { CHECK(connection->acknowledged() > 0); }));

  const std::string stream_name = "stream 1 of the Connection to 127.0.0.1:";
  CHECK(says(stream_name, [&] { CHECK_THAT(stream->write(Buffer::copy_of("x")), IsSuccess()); }));
  CHECK(says(stream_name, [&] { stream->close(); }));
  CHECK(says(stream_name, [&] { stream->reset(); }));
  CHECK(says(stream_name, [&] { stream->on_data([](Bytes) {}); }));
  CHECK(says(stream_name, [&] { stream->pause(); }));
  CHECK(says(stream_name, [&] { stream->reader().discard(); }));
  CHECK(says(stream_name, [&] { CHECK(stream->writable()); }));
  CHECK(says(stream_name, [&] { CHECK(stream->stats()); }));
  REQUIRE(pair.close());
}
