#include "captured_connections.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "first_bytes.h"

namespace uvspdy::command {
namespace {

// Connections with content that are followed cost some 100 KiB each, for zlib in both directions.
constexpr std::size_t kMostFollowed = 4096;
constexpr std::size_t kMostQuiet = 64 * 1024;

// So many connections that are left out are named; further ones are counted.
constexpr unsigned kMostNamed = 10;

constexpr std::array kDirections = {Direction::kClientToServer, Direction::kServerToClient};

std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

std::string_view name_of(Direction direction) {
  return direction == Direction::kClientToServer ? "client to server" : "server to client";
}

std::string missing(const TcpReassembly::Gap& gap) {
  return "bytes " + std::to_string(gap.begin) + " to " + std::to_string(gap.end - 1) +
         " are missing from the capture";
}

}  // namespace

void CapturedConnections::add(const TcpSegment& segment, std::int64_t time,
                              std::int64_t since_first_packet) {
  time_ = time;
  since_first_packet_ = since_first_packet;
  const Place place = find(segment);
  if (segment.syn) open(place, segment);
  if (place->over) return;
  if (segment.rst) return end(place);
  if (!segment.payload.empty()) take_payload(place, segment);
  if (segment.fin) take_fin(*place, segment);
  if (is_over(*place)) end(place);
}

CapturedConnections::Place CapturedConnections::find(const TcpSegment& segment) {
  const Key key = std::minmax(segment.source, segment.destination);
  if (const auto known = places_.find(key); known != places_.end()) {
    const Place place = known->second;
    std::list<Connection>& list = place->content ? followed_ : quiet_;
    list.splice(list.end(), list, place);
    return place;
  }
  if (quiet_.size() >= kMostQuiet) {
    places_.erase(quiet_.front().key);
    quiet_.pop_front();
  }
  quiet_.emplace_back(key, held_limit_);
  return places_[key] = std::prev(quiet_.end());
}

// A SYN that does not repeat an earlier SYN begins a new connection, maybe on an old one's ports.
void CapturedConnections::open(Place place, const TcpSegment& syn) {
  const std::uint32_t first = syn.sequence + 1;
  const Endpoint& client = syn.ack ? syn.destination : syn.source;
  TcpReassembly& senders = place->sides[syn.ack ? 1 : 0];
  TcpReassembly& others = place->sides[syn.ack ? 0 : 1];
  const bool known = !place->over && place->client_is_known && place->client == client;
  if (known && senders.started() && senders.first_sequence() == first) return;
  const bool answers = known && syn.ack && !senders.started() && others.started() &&
                       others.first_sequence() == syn.acknowledgement;
  if (!answers) {
    end(place);
    place->over = false;
    place->began_before = false;
    place->client_is_known = true;
    place->client = client;
    place->server = syn.ack ? syn.source : syn.destination;
    if (syn.ack) others.start(syn.acknowledgement);
  }
  senders.start(first);
}

// Without a SYN in the capture, HTTP shows which side is the client; else the side with the higher
// port is, since clients get high ports.
void CapturedConnections::guess_client(Connection& connection, const TcpSegment& segment) {
  bool source_is_client = segment.source.port > segment.destination.port;
  if (begins_http(segment.payload)) source_is_client = !begins_http_answer(segment.payload);
  connection.client_is_known = true;
  connection.client = source_is_client ? segment.source : segment.destination;
  connection.server = source_is_client ? segment.destination : segment.source;
}

void CapturedConnections::take_payload(Place place, const TcpSegment& segment) {
  if (!place->client_is_known) guess_client(*place, segment);
  if (!place->content) follow(place);
  const Direction direction =
      segment.source == place->client ? Direction::kClientToServer : Direction::kServerToClient;
  RecordedStream& stream = place->content->streams[index(direction)];
  if (stream.abandoned()) return;
  TcpReassembly& side = place->sides[index(direction)];
  const std::uint32_t sequence = segment.sequence + (segment.syn ? 1 : 0);
  if (!side.started()) {
    place->began_before = true;
    side.start(sequence);
  }
  const bool has_room =
      side.add(sequence, segment.payload, [&](Bytes bytes) { read(*place, direction, bytes); });
  if (!has_room) {
    fail(*place, direction,
         missing(*side.gap()) + ", and too much stands behind them to wait any longer");
    stream.abandon();
  }
  if (stream.abandoned()) side.reset();
  if (place->content->number == 0 && stream.start().state() == SpdyStart::State::kNotSpdy) {
    end(place);
  }
}

void CapturedConnections::take_fin(Connection& connection, const TcpSegment& segment) {
  if (connection.over || !connection.client_is_known) return;
  TcpReassembly& side = connection.sides[segment.source == connection.client ? 0 : 1];
  if (side.started()) {
    side.end_at(segment.sequence + static_cast<std::uint32_t>(segment.payload_size));
  }
}

bool CapturedConnections::is_over(const Connection& connection) {
  return std::all_of(kDirections.begin(), kDirections.end(), [&](Direction direction) {
    return connection.sides[index(direction)].ended() ||
           (connection.content && connection.content->streams[index(direction)].abandoned());
  });
}

void CapturedConnections::follow(Place place) {
  if (followed_.size() >= kMostFollowed) {
    const Place oldest = followed_.begin();
    if (oldest->content->number != 0) {
      fail(*oldest, Direction::kClientToServer,
           "left out from here on: more than " + std::to_string(kMostFollowed) +
               " connections are open at once");
    }
    end(oldest);
  }
  const RecordedStream::Options upward = {Direction::kClientToServer, false, keep_payload_};
  const RecordedStream::Options downward = {Direction::kServerToClient, false, keep_payload_};
  place->content =
      std::make_unique<Content>(Content{to_string(place->client),
                                        to_string(place->server),
                                        {RecordedStream(upward), RecordedStream(downward)}});
  followed_.splice(followed_.end(), quiet_, place);
}

void CapturedConnections::read(const Connection& connection, Direction direction, Bytes bytes) {
  Content& content = *connection.content;
  RecordedStream& stream = content.streams[index(direction)];
  const Error error =
      stream.take(bytes, [&](RecordedFrame frame) { show(connection, std::move(frame)); });
  if (error) return fail(connection, direction, error.message());
  const bool is_other = stream.start().state() == SpdyStart::State::kNotSpdy;
  if (is_other && content.number != 0 && !stream.abandoned()) {
    stream.abandon();
    fail(connection, direction, stream.start().seen());
  }
}

void CapturedConnections::give_number(Content& content) {
  if (content.number == 0) content.number = ++count_;
}

void CapturedConnections::show(const Connection& connection, RecordedFrame frame) {
  Content& content = *connection.content;
  give_number(content);
  frame.place.emplace(
      CapturePlace{content.number, content.client, content.server, time_, since_first_packet_});
  handlers_.on_frame(frame);
  if (const auto* bad = std::get_if<wire::InvalidHeaderBlock>(&frame.content)) {
    fail(connection, frame.direction,
         "byte " + std::to_string(frame.offset) + ": " + bad->error.message());
  }
}

void CapturedConnections::fail(const Connection& connection, Direction direction,
                               const std::string& what) {
  Content& content = *connection.content;
  give_number(content);
  const std::string hint =
      connection.began_before ? " (the connection began before the capture)" : "";
  handlers_.on_error("connection " + std::to_string(content.number) + " (" + content.client +
                     " > " + content.server + "), " + std::string(name_of(direction)) + ": " +
                     what + hint);
}

void CapturedConnections::end(Place place) {
  if (place->content) {
    if (place->content->number == 0) {
      leave_out(*place);
    } else {
      for (const Direction direction : kDirections) tell_end(*place, direction);
    }
    place->content.reset();
    quiet_.splice(quiet_.end(), followed_, place);
  }
  for (TcpReassembly& side : place->sides) side.reset();
  place->over = true;
}

void CapturedConnections::tell_end(const Connection& connection, Direction direction) {
  const Content& content = *connection.content;
  const RecordedStream& stream = content.streams[index(direction)];
  if (stream.abandoned()) return;
  if (const auto gap = connection.sides[index(direction)].gap()) {
    fail(connection, direction, missing(*gap) + "; what follows cannot be read");
  } else if (stream.start().state() == SpdyStart::State::kLooking && stream.size() > 0) {
    fail(connection, direction, "no SPDY");
  } else if (stream.inside_frame()) {
    handlers_.on_note("connection " + std::to_string(content.number) + ", " +
                      std::string(name_of(direction)) + ": ends inside the frame at byte " +
                      std::to_string(stream.frame_offset()));
  }
}

// Notes a connection without a frame, and what it carried instead.
void CapturedConnections::leave_out(const Connection& connection) {
  if (++left_out_ > kMostNamed) return;
  const Content& content = *connection.content;
  std::string why = "too little of it to know what it is";
  for (const Direction direction : kDirections) {
    const SpdyStart& start = content.streams[index(direction)].start();
    const auto gap = connection.sides[index(direction)].gap();
    if (!start.seen().empty()) {
      why = start.seen();
    } else if (gap) {
      why = missing(*gap);
    } else if (start.state() == SpdyStart::State::kSpdy) {
      why = "no frame behind its upgrade";
    }
  }
  if (connection.began_before) why += "; it began before the capture";
  handlers_.on_note("left out " + content.client + " > " + content.server + ": " + why);
}

void CapturedConnections::finish() {
  while (!followed_.empty()) end(followed_.begin());
  if (left_out_ > kMostNamed) {
    handlers_.on_note("left out " + std::to_string(left_out_ - kMostNamed) +
                      " more connections without SPDY");
  }
}

}  // namespace uvspdy::command
