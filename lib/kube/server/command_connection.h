#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kube/server/close_limit.h"
#include "kube/server/command_places.h"
#include "kube/server/terminal_size_reader.h"
#include "uvspdy/callback.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/kube/protocol/served_command.h"
#include "uvspdy/kube/server/streaming_server.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// The server's side of one exec or attach connection: its streams, from their creation to the
/// status. Its server owns it until `on_over` reports, from the loop, that the connection is over.
///
///     kWaiting    for the streams that the request promises, and a terminal's first size
///     kRunning    the Runtime has the command
///     kFinishing  the command has ended; the rest of its output is being sent
///     kTold       the status is being sent; then the client is to close the connection
///     kOver       the connection is closed
///
/// It keeps the streams to the end and notes how each direction ends, whoever holds their halves.
class CommandConnection : public std::enable_shared_from_this<CommandConnection> {
 public:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;
  using ReadyHandler = OnceCallback<void(std::shared_ptr<ServedCommand>)>;
  using OverHandler = OnceCallback<void(const std::shared_ptr<CommandConnection>&)>;

  /// `on_ready` is called once, if ever, when all streams are there.
  CommandConnection(uv_loop_t* loop, RequestedStreams requested, std::string protocol,
                    std::string peer, std::shared_ptr<const StreamingServer::Options> options,
                    std::shared_ptr<CommandPlaces::Place> place, ReadyHandler on_ready,
                    OverHandler on_over);

  /// The handler of new streams, needed to create the connection that is passed to `start`.
  httpstream::NewStreamHandler new_stream_handler();
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// For a stopping server: ends the connection at once, or, if the Runtime has the command, soon
  /// after its `finish`.
  void stop();

 private:
  class Command;
  enum class Phase { kWaiting, kRunning, kFinishing, kTold, kOver };
  enum class Gone { kNo, kUntold, kTold };

  bool has_resize() const { return protocol_ == kProtocolV4 || protocol_ == kProtocolV3; }
  bool finished() const { return phase_ > Phase::kRunning; }
  void new_stream(StreamPtr stream, httpstream::StreamDecision decision);
  StreamPtr* place_for(std::string_view type);
  void accepted(StreamPtr& place);
  bool has_all_streams() const;
  void streams_are_there();
  bool awaits_size() const;
  void no_size_comes();
  void refuse(const Status& status);
  void streams_are_late();
  void turn();
  void run();
  void tell();
  void sizes_received(Bytes bytes);
  void error_stream_sent(const Error& how);
  void output_sent(const Error& how);
  void other_sent(const Error& how);
  void gone();
  void reset_outputs();
  void finish(const Status& status);
  void send_status();
  void close_is_late();
  void connection_closed(const Error& error);
  void log(std::string_view text) const;

  // Read by place_for.
  bool use_stdin_;
  bool use_stdout_;
  bool use_stderr_;
  bool tty_;
  std::string protocol_;
  std::string peer_;
  std::shared_ptr<const StreamingServer::Options> options_;
  std::shared_ptr<CommandPlaces::Place> place_;  // until the Runtime, too, has let go
  ReadyHandler on_ready_;
  OverHandler on_over_;

  std::shared_ptr<httpstream::Connection> connection_;
  StreamPtr error_;
  StreamPtr stdin_;
  std::array<StreamPtr, 2> outputs_;  // stdout, stderr
  StreamPtr resize_;
  Phase phase_ = Phase::kWaiting;
  Gone gone_ = Gone::kNo;
  bool stopping_ = false;
  bool error_stream_over_ = false;  // our direction of the error stream
  int open_outputs_ = 0;
  // Of a refused request, or of `finish`; kept until it is sent, for the error stream may come
  // later.
  std::optional<Status> status_;
  TerminalSizeReader size_reader_;
  std::optional<TerminalSize> size_;  // the newest
  bool size_untold_ = false;
  bool no_size_comes_ = false;  // or none that a command would wait for
  ServedCommand::ResizeHandler on_resize_;
  ServedCommand::GoneHandler on_gone_;
  net::Timer stream_timer_;  // stream_creation_timeout
  net::Timer size_timer_;    // terminal_size_timeout
  net::Timer close_timer_;   // close_grace
  CloseLimit close_limit_;   // while the server stops
  net::Wakeup turn_;         // calls turn() from the loop
};

}  // namespace uvspdy::kube
