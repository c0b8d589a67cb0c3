#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/server/terminal_size_reader.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/kube/server/streaming_server.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// The server's side of one exec or attach connection: its streams from their creation to the
/// status. Its server owns it, until `on_over` says, from the loop, that the connection is closed.
///
///     kWaiting    for the streams that the request promises
///     kRunning    the Runtime has the session
///     kFinishing  what was written to the outputs leaves, and their FINs
///     kTold       the status is on its way; the client's turn to close
///     kOver       there is no client any more
class RemoteCommandSession::Impl : public std::enable_shared_from_this<Impl> {
 public:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;
  using ReadyHandler = std::function<void(std::shared_ptr<RemoteCommandSession>)>;
  using OverHandler = std::function<void(const std::shared_ptr<Impl>&)>;

  /// `on_ready` is called once, if ever, when all streams are there.
  Impl(uv_loop_t* loop, RequestedStreams streams, std::string protocol, std::string peer,
       const StreamingServer::Options& options, ReadyHandler on_ready, OverHandler on_over);

  /// For the connection that carries the session, before it exists.
  httpstream::NewStreamHandler new_stream_handler();
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// The server stops: ends the session at once unless the Runtime has it, and else soon after its
  /// `finish`.
  void stop();

  // What RemoteCommandSession offers.
  const StreamPtr& standard_input() const { return stdin_; }
  const StreamPtr& standard_output() const { return outputs_[0]; }
  const StreamPtr& standard_error() const { return outputs_[1]; }
  bool tty() const { return tty_; }
  const std::string& peer() const { return peer_; }
  const std::string& protocol() const { return protocol_; }
  void on_resize(std::function<void(TerminalSize)> handler);
  void on_gone(std::function<void()> handler);
  void finish(const Status& status);
  bool finished() const { return phase_ > Phase::kRunning; }

 private:
  enum class Phase { kWaiting, kRunning, kFinishing, kTold, kOver };

  bool has_resize() const { return protocol_ == kProtocolV4 || protocol_ == kProtocolV3; }
  void new_stream(StreamPtr stream, httpstream::StreamDecision decision);
  StreamPtr* place_for(std::string_view type);
  bool has_all_streams() const;
  void refuse(const Status& status);
  void run();
  void resized(Bytes bytes);
  void gone(const Error& error);
  void drop_input();
  void tell();
  void end_output(const StreamPtr& output);
  void output_ended();
  void send_status();
  void close_soon();
  void limit_close();
  void close_is_late();
  std::int64_t taken() const;
  void connection_closed(const Error& error);
  void log(std::string_view text) const;

  uv_loop_t* loop_;
  // Read by place_for.
  bool use_stdin_;
  bool use_stdout_;
  bool use_stderr_;
  bool tty_;
  std::string protocol_;
  std::string peer_;
  std::chrono::milliseconds stream_creation_timeout_;
  std::chrono::milliseconds stream_idle_timeout_;
  std::chrono::milliseconds close_grace_;
  std::chrono::milliseconds slow_reader_timeout_;
  std::function<void(std::string_view)> log_;
  ReadyHandler on_ready_;

  std::shared_ptr<httpstream::Connection> connection_;
  StreamPtr error_;
  StreamPtr stdin_;
  std::array<StreamPtr, 2> outputs_;  // stdout, stderr
  StreamPtr resize_;
  Phase phase_ = Phase::kWaiting;
  bool stopping_ = false;
  bool closing_ = false;      // and told to close
  bool error_reset_ = false;  // as v1 has it
  bool gone_ = false;         // whatever the Runtime knows
  bool gone_told_ = false;
  std::int64_t taken_ = 0;          // by the client, when we last looked
  std::uint64_t give_up_time_ = 0;  // of the loop: nobody is waited for any longer
  int open_outputs_ = 0;
  // Of a request that is refused before it runs, or of `finish`; the error stream may still have
  // to come.
  std::optional<Status> status_;
  TerminalSizeReader size_reader_;
  std::optional<TerminalSize> size_;  // not told yet
  std::function<void(TerminalSize)> on_resize_;
  std::function<void()> on_gone_;
  net::Timer stream_timer_;  // all streams must be there by then
  net::Timer close_timer_;   // the client must have closed by then
  net::Wakeup telling_;      // of what came before its handler was set
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
