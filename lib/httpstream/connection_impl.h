#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "httpstream/peer_watch.h"
#include "httpstream/stream_core.h"
#include "net/thread_check.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {

/// The state of a Connection. All work is done in `turn`: it gives the session the time, writes the
/// session's output, and advances the phase. Calls from outside only queue and ask for a turn.
class UVSPDY_LOCAL Connection::Impl final : public session::Handler {
 public:
  Impl(Connection& owner, std::unique_ptr<net::Transport> transport, session::Role role,
       ConnectionOptions options, ConnectionStart start);

  void start();
  void ask_for_turn() {
    // Over, and no call is left: the loop may be gone.
    if (phase_ == Phase::kOver && later_.empty()) return;
    if (!wakeup_) wakeup_.emplace(loop, [this] { resume(); });
    wakeup_->schedule();
  }

  /// Runs `call` in the next turn: for answers, which must not be given inside the call that asks.
  void later(OnceCallback<void()> call);

  void create_stream(Headers headers, const session::CreateOptions& options,
                     CreateStreamHandler handler);
  void ping(PingHandler handler);
  void close();
  void shutdown();
  void abort();

  session::Session& session() { return session_; }
  /// The session, for a call about the stream; checks the thread.
  session::Session& session_for(wire::StreamId id);
  /// To be called first in each function that users call.
  void check_thread() const {
    thread_.check([this] { return "the Connection to " + peer; });
  }
  bool is_over() const { return phase_ == Phase::kOver; }
  std::size_t unacknowledged() const { return transport_ ? transport_->unacknowledged() : 0; }
  std::uint64_t acknowledged() const;
  detail::Counted<StreamCore> find(wire::StreamId id) const;

  void set_on_close(CloseHandler handler);
  void add_close_handler(CloseHandler handler);
  void set_on_new_stream(NewStreamHandler handler);
  void set_on_goaway(GoAwayHandler handler);
  void set_on_settings(SettingsHandler handler);

  std::string peer;
  uv_loop_t* loop;

 private:
  friend class Connection;

  /// From top to bottom, never back.
  enum class Phase {
    kOpen,
    kDraining,   // the session has ended; the rest of its output leaves
    kLingering,  // the sending side is shut down; input is discarded until the peer's end
    kClosing,    // the transport is being closed
    kClosed,     // it is closed; streams may still have to report their end
    kOver,       // every end is reported
  };

  // session::Handler
  void on_stream(wire::SynStreamFrame&& frame) override;
  void on_reply(wire::StreamId id, Headers&& headers) override;
  void on_headers(wire::StreamId id, Headers&& headers) override;
  void on_data(wire::StreamId id, Bytes bytes) override;
  void on_received(wire::StreamId id, const Error& how) override;
  void on_sent(wire::StreamId id, const Error& how) override;
  void on_stream_closed(wire::StreamId id, const Error& how) override;
  void on_writable(wire::StreamId id) override;
  void on_full(wire::StreamId id) override;
  void on_reply_sent(wire::StreamId id) override;
  void on_settings(const wire::SettingsFrame& frame) override;
  void on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) override;
  void on_goaway(const wire::GoAwayFrame& frame) override;

  void turn();
  void resume();
  void flush();
  void sent(std::size_t count);
  void write_failed(const Error& error);
  void lose(const Error& why);
  void note_lost(const Error& why);
  void read(Bytes bytes);
  std::size_t receive(Bytes bytes, session::Time begin);
  void receive_untaken();
  bool takes_input() const;
  void read_ended(const Error& error);
  void input_ended(const Error& error);
  void check_peer();
  void move_on();
  void arrange_next_turn();
  bool still_closing();
  void drop_undecided_streams();
  void close_transport();
  Error no_pong() const;
  void finish();
  void report_closed_later(CloseHandler handler);
  void created(wire::StreamId id);
  detail::Counted<StreamCore> add_stream(wire::StreamId id, Headers headers);

  Connection& owner_;
  net::ThreadCheck thread_;
  std::shared_ptr<Connection> self_;  // until kOver
  std::unique_ptr<net::Transport> transport_;
  std::chrono::milliseconds close_timeout_;
  std::chrono::milliseconds slow_reader_timeout_;
  session::Session session_;
  Buffer preface_;
  Buffer untaken_input_;                    // read, and not taken by the session yet
  std::optional<Error> read_end_;           // the transport's end, while untaken_input_ has bytes
  session::Time::duration time_reading_{};  // of this turn of the loop
  std::uint64_t turn_of_loop_ = 0;          // that time_reading_ is of, by uv_now
  Phase phase_ = Phase::kOpen;
  Error close_error_;     // the result for on_close
  bool writing_ = false;  // a transport write waits
  bool reading_ = false;
  Error write_error_;      // writing has failed; bytes that have arrived are still read
  Error gone_;             // the peer is gone; its bytes are read to the end, even past limits
  bool has_read_ = false;  // since the peer was last asked for
  bool peer_ended_ = false;
  bool shutting_down_ = false;
  bool closed_here_ = false;
  PeerWatch peer_watch_;
  bool shut_down_ = false;  // everything written has left, and our end after it
  std::optional<session::Time> close_deadline_;
  session::Time last_progress_{};  // the last progress of closing
  std::size_t untaken_ = 0;        // bytes that the peer had not taken at the last look

  std::unordered_map<wire::StreamId, detail::Counted<StreamCore>> streams_;
  struct PendingStream {
    Headers headers;
    CreateStreamHandler handler;
    std::optional<Error> sent;  // the end of our direction, if created with FLAG_FIN
  };
  std::unordered_map<wire::StreamId, PendingStream> creating_;
  std::unordered_map<std::uint32_t, PingHandler> pings_;
  std::vector<OnceCallback<void()>> later_;
  NewStreamHandler on_new_stream_;
  CloseHandler on_close_;
  std::vector<CloseHandler> close_handlers_;  // of add_close_handler
  GoAwayHandler on_goaway_;
  std::optional<wire::GoAwayFrame> peer_goaway_;
  SettingsHandler on_settings_;

  std::optional<net::Wakeup> wakeup_;
  std::optional<net::Timer> timer_;  // until kOver
};

}  // namespace uvspdy::httpstream
