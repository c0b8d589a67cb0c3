#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/buffer.h"
#include "uvspdy/httpstream/relay.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"

namespace uvspdy::kube {

/// Sends a text, if there is one, and the FIN on the error stream of a pair. A client that leaves
/// its own half open has the stream reset behind that.
void end_error_stream(const std::shared_ptr<httpstream::Stream>& stream, std::string text);

/// Both streams of one forwarded connection, until both are over. Its session owns it.
class ForwardedConnection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  struct Options {
    std::uint16_t port = 0;
    std::string peer;
    std::string target;  // "port 80 to pod NAME, uid UID"
    httpstream::RelayOptions relay;
    std::function<void(const std::string&)> log;
    std::function<void(const std::shared_ptr<Impl>&)> on_over;  // from the loop, once
  };
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  Impl(StreamPtr error, StreamPtr data, Options options);

  /// Sets the streams' handlers.
  void begin();

  /// Gives the connection up at once.
  void reset();

  // ForwardedConnection's.
  std::uint16_t port() const { return options_.port; }
  const std::string& peer() const { return options_.peer; }
  void connect_to(std::unique_ptr<net::Transport> target);
  StreamPtr take_data_stream();
  void fail(std::string_view message);
  void on_gone(std::function<void()> handler);
  void dropped();

 private:
  /// How it was answered.
  enum class Answer { kNone, kRelay, kByHand, kFailed, kGone };

  void gone();
  void relay_done(const Error& error);
  void data_over(std::string text = {});
  void error_closed(const Error& error);
  void check_over();

  StreamPtr error_;
  StreamPtr data_;
  Options options_;
  std::function<void()> on_gone_;
  std::shared_ptr<httpstream::Relay> relay_;
  Answer answer_ = Answer::kNone;
  bool data_over_ = false;
};

}  // namespace uvspdy::kube
