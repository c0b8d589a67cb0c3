// The trace hook: each frame once, as it comes in or goes out.

#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FrameTrace;
using session::Role;

TEST_CASE("a trace sees each frame, in and out", "[session][trace]") {
  Lines seen;
  session::Options options = without_windows();
  SessionDriver server(Role::kServer, options);
  server.session.on_trace(
      [&seen](const FrameTrace& frame) { seen.push_back(session::to_string(frame)); });
  const auto take = [&seen] { return std::exchange(seen, {}); };
  const auto size = [](const std::vector<std::uint8_t>& frame) {
    return std::to_string(frame.size() - wire::kFrameHeadSize) + " bytes";
  };

  auto frame = server.peer.bytes(wire::SynStreamFrame{
      .stream_id = 1, .fin = true, .unidirectional = true, .headers = {{"a", "b"}}});
  server.receive_bytes(frame);
  CHECK(take() == Lines{"in  SYN_STREAM stream 1, " + size(frame) + ", FIN, UNIDIRECTIONAL, a: b"});

  server.receive(wire::SynStreamFrame{.stream_id = 3});
  take();
  // A DATA frame in pieces is one frame.
  frame = server.peer.data(3, "payload", true);
  for (const std::uint8_t byte : frame) server.receive_bytes(Bytes(&byte, 1));
  CHECK(take() == Lines{"in  DATA stream 3, 7 bytes, FIN"});

  server.receive(wire::PingFrame{5});
  CHECK(take() == Lines{"in  PING, 4 bytes, id 5", "out PING, 4 bytes, id 5"});
  server.receive(wire::SettingsFrame{false, {{wire::SettingId::kInitialWindowSize, 0, 1}}});
  server.receive(wire::WindowUpdateFrame{3, 100});
  server.receive(wire::GoAwayFrame{2, wire::GoAwayStatus::kInternalError});
  server.receive_bytes(bytes_of(std::string_view("\x80\x03\x00\x63\x00\x00\x00\x02xy", 10)));
  CHECK(take() == Lines{"in  SETTINGS, 12 bytes, 1 entries",
                        "in  WINDOW_UPDATE stream 3, 8 bytes, delta 100",
                        "in  GOAWAY last good stream 2, 8 bytes, INTERNAL_ERROR",
                        "in  UNKNOWN type 99, 2 bytes"});
}

TEST_CASE("a trace sees frames with headers, and resets, come in", "[session][trace]") {
  Lines seen;
  session::Options options = without_windows();
  SessionDriver client(Role::kClient, options);
  client.session.on_trace([&seen](const FrameTrace& frame) {
    if (frame.direction == FrameTrace::Direction::kIn) seen.push_back(session::to_string(frame));
  });
  const auto id = client.create();
  client.sent();
  const auto size = [](const std::vector<std::uint8_t>& frame) {
    return std::to_string(frame.size() - wire::kFrameHeadSize) + " bytes";
  };
  const auto reply =
      client.peer.bytes(wire::SynReplyFrame{.stream_id = id, .headers = {{"a", "1"}}});
  client.receive_bytes(reply);
  const auto headers =
      client.peer.bytes(wire::HeadersFrame{.stream_id = id, .headers = {{"b", "2"}}});
  client.receive_bytes(headers);
  client.receive(wire::RstStreamFrame{id, wire::RstStatus::kCancel});
  CHECK(seen == Lines{"in  SYN_REPLY stream 1, " + size(reply) + ", a: 1",
                      "in  HEADERS stream 1, " + size(headers) + ", b: 2",
                      "in  RST_STREAM stream 1, 8 bytes, CANCEL"});
}

TEST_CASE("what a trace sees go out is what goes out", "[session][trace]") {
  Lines seen;
  session::Options options = without_windows();
  options.max_data_frame = 10;
  SessionDriver client(Role::kClient, options);
  client.session.on_trace([&seen](const FrameTrace& frame) {
    if (frame.direction == FrameTrace::Direction::kOut) seen.push_back(session::to_string(frame));
  });
  const auto id = client.create({{"Name", "value"}});
  const std::vector<std::uint8_t> syn = client.take_output();
  CHECK(seen == Lines{"out SYN_STREAM stream 1, " + std::to_string(syn.size() - 8) +
                      " bytes, name: value"});
  seen.clear();
  client.create({}, {.fin = true, .unidirectional = true});
  const std::vector<std::uint8_t> flagged = client.take_output();
  CHECK(seen == Lines{"out SYN_STREAM stream 3, " + std::to_string(flagged.size() - 8) +
                      " bytes, FIN, UNIDIRECTIONAL"});
  seen.clear();
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.write(id, "0123456789more");
  CHECK(seen.empty());  // queued, but not for the transport
  client.session.end(id);
  client.session.close(wire::GoAwayStatus::kOk);
  client.take_output();
  CHECK(seen == Lines{"out DATA stream 1, 10 bytes", "out DATA stream 1, 4 bytes, FIN",
                      "out GOAWAY last good stream 0, 8 bytes, OK"});
}

TEST_CASE("a trace sees a frame before it takes effect", "[session][trace]") {
  Lines order;
  session::Options options = without_windows();
  SessionDriver client(Role::kClient, options);
  client.session.on_trace(
      [&order](const FrameTrace& frame) { order.push_back(session::to_string(frame)); });
  client.handler.during = [&order](std::string_view name, wire::StreamId) {
    order.push_back(std::string(name));
  };
  const auto id = client.create();
  order.clear();
  client.receive(wire::RstStreamFrame{id, wire::RstStatus::kRefusedStream});
  client.receive(wire::GoAwayFrame{});
  client.turn();
  CHECK(order == Lines{"in  RST_STREAM stream 1, 8 bytes, REFUSED_STREAM",
                       "in  GOAWAY last good stream 0, 8 bytes, OK", "on_goaway", "on_sent",
                       "on_received", "on_stream_closed"});
}

}  // namespace
}  // namespace uvspdy::test
