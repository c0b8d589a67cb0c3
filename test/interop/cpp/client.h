#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "options.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::interop {

/// One connection to a server, without an upgrade and with a deadline, for a piece of work that
/// calls `finish`.
class Client {
 public:
  using ConnectedHandler = std::function<void(httpstream::Connection&)>;
  /// Called once, when the connection is closed, with what went wrong, or with an empty text.
  using DoneHandler = std::function<void(const std::string&)>;

  Client(uv_loop_t* loop, const Options& options);

  /// `number` chooses among Options::compressions. `trace` sees the connection's frames.
  void start(std::uint64_t number, session::TraceHandler trace, ConnectedHandler on_connected,
             DoneHandler on_done);

  /// The work is done, or has failed with the first problem that is given.
  void finish(const std::string& problem);

  const Options& options() const { return options_; }

  /// What the last connection had found out about the server when its work was done.
  session::PeerFlowControl peer_flow_control() const { return peer_flow_control_; }

 private:
  void connected(std::unique_ptr<net::Transport> transport, std::uint64_t number,
                 session::TraceHandler trace);
  void done();

  uv_loop_t* loop_;
  const Options& options_;
  net::Timer deadline_;
  ConnectedHandler on_connected_;
  DoneHandler on_done_;
  std::shared_ptr<httpstream::Connection> connection_;
  bool finished_ = false;
  std::string problem_;
  session::PeerFlowControl peer_flow_control_ = session::PeerFlowControl::kUnknown;
};

}  // namespace uvspdy::interop
