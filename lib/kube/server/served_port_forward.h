#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "kube/server/close_limit.h"
#include "kube/server/served_connection.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// The SPDY connection of one portforward on the server: pairs the streams that the client creates
/// and delivers each pair as a ForwardedConnection. Its server owns it until `on_over` reports,
/// from the loop, that the connection is closed and the last forwarded connection has ended.
///
/// The error and the data stream of a pair have the same requestID. Old clients send no requestID:
/// then error stream N and data stream N + 2 are a pair.
class ServedPortForward : public std::enable_shared_from_this<ServedPortForward> {
 public:
  struct Options {
    /// How long a client may take for the second stream of a pair.
    std::chrono::milliseconds stream_creation_timeout = std::chrono::seconds(30);
    /// See Connection::set_idle_timeout; 0: for ever.
    std::chrono::milliseconds stream_idle_timeout = std::chrono::hours(4);
    /// How long a client may take nothing while the server stops, and how long stopping may take.
    std::chrono::milliseconds close_grace = std::chrono::seconds(3);
    std::chrono::milliseconds slow_reader_timeout = std::chrono::minutes(2);
    /// How many forwarded connections there may be at a time, those included that wait for their
    /// second stream. Further streams are refused.
    std::size_t max_connections = 1000;
    /// Blocks for the bytes that targets send: see httpstream::RelayOptions.
    std::shared_ptr<BufferPool> pool;
    /// Receives a line of text for each failure.
    Callback<void(std::string_view)> log;
  };
  using Handler = Callback<void(std::shared_ptr<ForwardedConnection>)>;
  using OverHandler = OnceCallback<void(const std::shared_ptr<ServedPortForward>&)>;

  ServedPortForward(uv_loop_t* loop, PortForwardRequest request, Options options, std::string peer,
                    Handler on_connection, OverHandler on_over);

  /// The handler of new streams, needed to create the connection that is passed to `start`.
  httpstream::NewStreamHandler new_stream_handler();
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// Resets all forwarded connections, and closes the SPDY connection soon.
  void terminate();

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;
  using ConnectionPtr = std::shared_ptr<ServedConnection>;

  struct Pair {
    StreamPtr error;
    StreamPtr data;
    std::uint64_t deadline = 0;  // uv_now
  };

  void new_stream(const StreamPtr& stream, httpstream::StreamDecision decision);
  void refuse(const std::string& why, httpstream::StreamDecision& decision) const;
  void pair_is_complete(const std::string& name, const Pair& pair);
  void forward(const Pair& pair, std::uint16_t port);
  void end_pair(const Pair& pair, const std::string& why);
  void lose_pair(const std::string& name);
  void expire_pairs();
  void connection_closed(const Error& error);
  void connection_over(const ConnectionPtr& connection);
  void check_over();
  void log(const std::string& line) const;

  uv_loop_t* loop_;
  PortForwardRequest request_;
  Options options_;
  std::string peer_;
  Handler on_connection_;
  std::shared_ptr<httpstream::Connection> connection_;
  std::map<std::string, Pair> waiting_;  // for their second stream
  std::unordered_set<ConnectionPtr> forwarded_;
  bool connection_closed_ = false;
  net::Timer pair_timer_;
  CloseLimit close_limit_;
  net::Wakeup over_;
};

}  // namespace uvspdy::kube
