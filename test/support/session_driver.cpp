#include "support/session_driver.h"

#include <utility>

namespace uvspdy::test {

void SessionDriver::give_unread() {
  // Memory of its own, so that a view kept too long is caught.
  const std::vector<std::uint8_t> bytes = std::exchange(unread_, {});
  std::size_t taken = 0;
  for (std::size_t count = 1; count > 0 && taken < bytes.size(); taken += count) {
    const RecordingHandler::Turn turn(handler);
    count = session.receive(Bytes(bytes).subspan(taken), clock.now());
  }
  unread_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
}

void SessionDriver::turn() {
  if (!unread_.empty()) give_unread();
  const RecordingHandler::Turn turn(handler);
  for (int round = 0; session.deadline() && *session.deadline() <= clock.now(); ++round) {
    REQUIRE(round < 10000);  // a deadline that stays past would spin an event loop
    session.advance(clock.now());
  }
}

std::vector<std::uint8_t> SessionDriver::take_output() {
  std::vector<std::uint8_t> all;
  for (auto spans = session.output(); !spans.empty(); spans = session.output()) {
    const std::vector<std::uint8_t> bytes = joined(spans);
    REQUIRE_FALSE(bytes.empty());
    all.insert(all.end(), bytes.begin(), bytes.end());
    output_sent(bytes.size());
  }
  return all;
}

void SessionDriver::open() {
  turn();
  sent();
  told();
}

wire::StreamId SessionDriver::create(Headers headers, const session::CreateOptions& options) {
  const Result<wire::StreamId> id = session.create_stream(std::move(headers), options, clock.now());
  REQUIRE_THAT(id, IsSuccess());
  return *id;
}

void SessionDriver::write(wire::StreamId id, std::string_view payload) {
  const Error error = session.write(id, Buffer::copy_of(payload));
  REQUIRE_THAT(error, IsSuccess());
}

wire::StreamId SessionDriver::create_accepted(const session::CreateOptions& options) {
  const wire::StreamId id = create({}, options);
  sent();
  receive(wire::SynReplyFrame{.stream_id = id});
  told();
  return id;
}

void SessionDriver::accept(const wire::SynStreamFrame& frame) {
  receive(frame);
  REQUIRE_THAT(session.reply(frame.stream_id, {}), IsSuccess());
  sent();
  told();
}

std::vector<std::uint8_t> joined(std::span<const Bytes> spans) {
  std::vector<std::uint8_t> bytes;
  for (const Bytes span : spans) bytes.insert(bytes.end(), span.begin(), span.end());
  return bytes;
}

}  // namespace uvspdy::test
