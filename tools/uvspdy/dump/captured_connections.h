#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "recorded_frame.h"
#include "recorded_stream.h"
#include "tcp_reassembly.h"
#include "tcp_segment.h"
#include "uvspdy/callback.h"

namespace uvspdy::command {

/// Sorts the TCP segments of a capture into connections and finds the SPDY frames in them.
///
/// Its memory is limited: the number of connections, the bytes buffered after gaps, and one frame
/// for each side of a connection.
class CapturedConnections {
 public:
  struct Handlers {
    Callback<void(const RecordedFrame&)> on_frame;
    Callback<void(const std::string&)> on_error;  ///< frames are bad or missing
    Callback<void(const std::string&)> on_note;   ///< other messages about the capture
  };

  CapturedConnections(bool keep_payload, Handlers handlers)
      : keep_payload_(keep_payload), handlers_(std::move(handlers)) {}

  /// Takes the next segment of the capture. Times are in nanoseconds: since 1970, and since the
  /// capture's first packet.
  void add(const TcpSegment& segment, std::int64_t time, std::int64_t since_first_packet);

  /// Ends the capture: reports gaps, unfinished frames, and what was left out.
  void finish();

  /// The number of SPDY connections so far.
  unsigned count() const { return count_; }

 private:
  // The two endpoints, the lesser first.
  using Key = std::pair<Endpoint, Endpoint>;

  /// The content of a connection, kept from its first byte of payload on.
  struct Content {
    std::string client;
    std::string server;
    std::array<RecordedStream, 2> streams;  // by Direction
    unsigned number = 0;                    // 0 until SPDY is found in it
  };

  struct Connection {
    Connection(Key endpoints, HeldBytesLimit& limit)
        : key(std::move(endpoints)), sides{TcpReassembly(limit), TcpReassembly(limit)} {}

    Key key;
    bool client_is_known = false;
    Endpoint client;
    Endpoint server;
    bool began_before = false;  // it began before the capture
    bool over = false;
    std::array<TcpReassembly, 2> sides;  // by Direction
    std::unique_ptr<Content> content;
  };
  using Place = std::list<Connection>::iterator;

  Place find(const TcpSegment& segment);
  void open(Place place, const TcpSegment& syn);
  static void guess_client(Connection& connection, const TcpSegment& segment);
  void take_payload(Place place, const TcpSegment& segment);
  static void take_fin(Connection& connection, const TcpSegment& segment);
  static bool is_over(const Connection& connection);
  void follow(Place place);
  void read(const Connection& connection, Direction direction, Bytes bytes);
  void show(const Connection& connection, RecordedFrame frame);
  void end(Place place);
  void tell_end(const Connection& connection, Direction direction);
  void leave_out(const Connection& connection);
  void fail(const Connection& connection, Direction direction, const std::string& what);
  void give_number(Content& content);

  bool keep_payload_;
  Handlers handlers_;
  HeldBytesLimit held_limit_;
  std::int64_t time_ = 0;
  std::int64_t since_first_packet_ = 0;
  unsigned count_ = 0;
  unsigned left_out_ = 0;
  // The connection that was seen last comes last. Those with content have a list and a limit of
  // their own, because they need far more memory than the others.
  std::list<Connection> quiet_;
  std::list<Connection> followed_;
  std::map<Key, Place> places_;
};

}  // namespace uvspdy::command
