#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "uvspdy/counted.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {

/// The state shared by a Stream, its two halves and its connection. It stands between the session,
/// which reports events of the stream, and the handlers, and remembers the ends that were reported:
/// a handler of an end that is set after the end is called in the loop's next turn.
class StreamCore {
 public:
  StreamCore(Connection& connection, wire::StreamId id, Headers headers);
  static detail::Counted<StreamCore> make(Connection& connection, wire::StreamId id,
                                          Headers headers);
  ~StreamCore() = default;
  StreamCore(const StreamCore&) = delete;
  StreamCore& operator=(const StreamCore&) = delete;

  void hold() { ++holders_; }
  void release();

  /// Makes the Stream with both halves; to be called once.
  std::shared_ptr<Stream> make_stream();
  StreamReader make_reader() { return StreamReader(self()); }
  StreamWriter make_writer() { return StreamWriter(self()); }

  // Events from the connection. Any of them may destroy the core, by a handler.
  void received_data(Bytes bytes);
  void received_headers(const Headers& headers);
  void writable_again();
  void full();
  void reply_sent();
  void received_all(const Error& how);
  void sent_all(const Error& how);
  /// The last event: the connection releases the core.
  void closed();

  /// Calls the handlers whose event has happened.
  void report();

  // The reader's.
  void on_data(StreamReader::DataHandler handler);
  void on_end(StreamReader::EndHandler handler);
  void pause();
  void resume();
  void discard();
  void set_overflow(session::OverflowPolicy policy);
  void reader_dropped();

  // The writer's.
  Error write(Buffer buffer);
  Error send_headers(Headers headers);
  bool writable() const;
  void on_writable(StreamWriter::WritableHandler handler, bool when_full_too);
  void on_sent(StreamWriter::SentHandler handler);
  void end();
  void end_with_reset();
  void writer_dropped();

  // The stream's.
  const Headers& headers() const { return headers_; }
  wire::StreamId id() const { return id_; }
  void reset(wire::RstStatus status);
  void on_headers(Stream::HeadersHandler handler);
  void on_stream_received(StreamReader::EndHandler handler);
  void on_stream_sent(StreamWriter::SentHandler handler);
  void on_close(Stream::CloseHandler handler);
  void on_reply_sent(OnceCallback<void()> handler);
  bool is_closed() const { return closed_; }
  /// For a stream of the peer: until it is accepted or rejected, dropping the writer refuses it.
  void await_decision() { undecided_ = true; }
  void note_decided() { undecided_ = false; }
  bool awaits_decision() const { return undecided_; }
  bool belongs_to(const Connection& connection) const { return connection_ == &connection; }
  std::optional<session::StreamStats> stats() const;

  HalfState received() const { return received_; }
  HalfState sent() const { return sent_; }
  const Error& receive_error() const { return receive_error_; }
  const Error& send_error() const { return send_error_; }

  static StreamCore& of(const Stream& stream) { return *stream.core_; }

 private:
  detail::Counted<StreamCore> self();
  session::Session& session() const;
  void ask_for_turn() const;
  void apply_pause();
  void report_later();
  void report_end_later();

  Connection* connection_;  // null once the stream is closed
  uv_loop_t* loop_;
  std::uint32_t holders_ = 1;
  wire::StreamId id_;
  bool undecided_ : 1 = false;  // the peer's, neither accepted nor rejected yet
  bool paused_ : 1 = false;     // by the reader's holder
  bool discarded_ : 1 = false;
  bool room_unreported_ : 1 = false;  // on_writable was set and has not been called
  bool reports_full_ : 1 = false;     // on_writable is called when there is no room left, too
  bool reply_sent_ : 1 = false;
  bool reporting_later_ : 1 = false;
  bool closed_ : 1 = false;
  HalfState received_ = HalfState::kOpen;  // the peer's direction, as reported
  HalfState sent_ = HalfState::kOpen;      // our direction, as reported
  Error receive_error_;
  Error send_error_;
  Headers headers_;

  StreamReader::DataHandler on_data_;
  StreamReader::EndHandler on_end_;
  StreamWriter::WritableHandler on_writable_;
  StreamWriter::SentHandler on_sent_;

  // Handlers that few streams have.
  struct Observers {
    Stream::HeadersHandler on_headers;
    StreamReader::EndHandler on_received;
    StreamWriter::SentHandler on_sent;
    Stream::CloseHandler on_close;
    OnceCallback<void()> on_reply_sent;
    std::unique_ptr<net::Wakeup> late;  // the wakeup for later calls once the connection is gone
  };
  Observers& observers();

  std::unique_ptr<Observers> observers_;
};

}  // namespace uvspdy::httpstream
