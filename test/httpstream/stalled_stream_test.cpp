// One stream that nobody reads, and ten others beside it, over TCP: it stops none of them, and
// loses nothing once it is read.

#include <uv.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::FlowControl;
using session::PeerFlowControl;
using test::IsSuccess;
using test::SpdyPair;
using test::TestLoop;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

ConnectionOptions with(FlowControl flow_control) {
  ConnectionOptions options = test::patient_options();
  options.session.flow_control = flow_control;
  return options;
}

// Writes all of a text as far as the stream takes it, and then closes.
void write_all(const StreamPtr& stream, std::shared_ptr<const std::string> text) {
  auto written = std::make_shared<std::size_t>(0);
  const auto write_more = [stream, text, written] {
    while (stream->writable() && *written < text->size()) {
      const Bytes piece = bytes_of(*text).subspan(*written);
      const Bytes part = piece.first(std::min<std::size_t>(piece.size(), 50000));
      CHECK_THAT(stream->write(Buffer(part, text)), IsSuccess());
      *written += part.size();
    }
    if (*written == text->size()) stream->close();
  };
  stream->on_writable(write_more);
}

void echo(const StreamPtr& stream) {
  stream->on_data([weak = std::weak_ptr(stream)](Bytes bytes) {
    if (const StreamPtr held = weak.lock())
      CHECK_THAT(held->write(Buffer::copy_of(bytes)), IsSuccess());
  });
  stream->on_end([weak = std::weak_ptr(stream)](const Error&) {
    if (const StreamPtr held = weak.lock()) held->close();
  });
}

void stalled_beside_others(FlowControl flow_control, PeerFlowControl found, std::size_t size) {
  TestLoop loop;
  SpdyPair pair(loop, with(flow_control), with(flow_control));
  const auto [stalled, stalled_there] = pair.stream();
  std::vector<StreamPtr> others;
  for (int i = 0; i < 10; ++i) {
    const auto [mine, its] = pair.stream();
    others.push_back(mine);
    echo(its);
  }
  stalled_there->pause();
  const auto text = std::make_shared<const std::string>(test::patterned_text(size));
  write_all(stalled, text);
  // Until the unread stream is as full as it gets.
  std::size_t held = 0;
  do {
    held = pair.server.connection->stats().held_bytes;
    loop.run_turns(50);
  } while (held == 0 || pair.server.connection->stats().held_bytes != held);
  CHECK(held <= (flow_control == FlowControl::kNone ? size : std::size_t{wire::kDefaultWindow}));

  // Ten of ten, each with more than a window.
  const auto message = std::make_shared<const std::string>(test::patterned_text(150 * 1000, 3));
  std::vector<std::string> echoed(others.size());
  std::size_t complete = 0;
  for (std::size_t i = 0; i < others.size(); ++i) {
    others[i]->on_data([&, i](Bytes bytes) { echoed[i] += text_of(bytes); });
    others[i]->on_end([&](const Error&) { ++complete; });
    write_all(others[i], message);
  }
  REQUIRE(loop.run_until([&] { return complete == others.size(); }));
  for (const std::string& back : echoed) CHECK((back == *message));
  CHECK(pair.server.connection->stats().held_bytes == held);

  // The stalled one resumes, and loses nothing.
  std::string received;
  bool ended = false;
  stalled_there->on_data([&](Bytes bytes) { received += text_of(bytes); });
  stalled_there->on_end([&](const Error&) { ended = true; });
  stalled_there->resume();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK((received == *text));
  CHECK(pair.client.connection->stats().flow_control == found);
  CHECK(pair.server.connection->stats().flow_control == found);
  stalled_there->close();
  REQUIRE(pair.close());
}

// Many streams that nobody reads, and one that somebody reads.
void many_stalled_beside_one(FlowControl flow_control) {
  TestLoop loop;
  SpdyPair pair(loop, with(flow_control), with(flow_control));
  const auto [mine, its] = pair.stream();
  echo(its);
  std::vector<StreamPtr> held;
  for (int i = 0; i < 100; ++i) {
    const auto [stalled, stalled_there] = pair.stream();
    stalled_there->pause();
    held.push_back(stalled);
    held.push_back(stalled_there);
  }
  const auto text = std::make_shared<const std::string>(test::patterned_text(1000 * 1000));
  for (std::size_t i = 0; i < held.size(); i += 2) write_all(held[i], text);
  loop.run_turns(1000);
  std::size_t echoed = 0;
  mine->on_data([&](Bytes bytes) { echoed += bytes.size(); });
  write_all(mine, std::make_shared<const std::string>(test::patterned_text(150 * 1000, 3)));
  for (std::size_t before = 1; before != echoed; loop.run_turns(1000)) before = echoed;
  CHECK(echoed == 150 * 1000);
  pair.client.connection->abort();
  pair.server.connection->abort();
  REQUIRE(loop.run_out());
}

}  // namespace

TEST_CASE("Stream: one that nobody reads stops none of ten others, with flow control found out") {
  stalled_beside_others(FlowControl::kAutomatic, PeerFlowControl::kWindows, 10 * 1000 * 1000);
}

TEST_CASE("Stream: one that nobody reads stops none of ten others, with standard flow control") {
  stalled_beside_others(FlowControl::kStandard, PeerFlowControl::kWindows, 10 * 1000 * 1000);
}

TEST_CASE("Stream: a hundred that nobody reads do not stop another") {
  many_stalled_beside_one(FlowControl::kStandard);
}

TEST_CASE(
    "Stream: one that nobody reads stops none of ten others without flow control either, "
    "within its buffer") {
  // What stream_buffer takes; past it the connection is not read.
  stalled_beside_others(FlowControl::kNone, PeerFlowControl::kNone, 250 * 1000);
}
