#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/relay.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// Ends the error stream of a pair, after `text` if it is not empty. If the client leaves its own
/// direction open, the stream is reset after that.
void end_error_stream(const std::shared_ptr<httpstream::Stream>& stream, std::string text);

/// The two streams of one forwarded connection, until both are over. A ServedPortForward owns it; a
/// Runtime holds the ForwardedConnection that `begin` makes.
class ServedConnection : public std::enable_shared_from_this<ServedConnection> {
 public:
  struct Options {
    uv_loop_t* loop = nullptr;
    std::uint16_t port = 0;
    std::string peer;
    std::string target;  // "port 80 to pod NAME, uid UID"
    httpstream::RelayOptions relay;
    Callback<void(const std::string&)> log;
    OnceCallback<void(const std::shared_ptr<ServedConnection>&)> on_over;
  };
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  ServedConnection(StreamPtr error, StreamPtr data, Options options);

  /// Sets the streams' handlers, and makes the object by which a Runtime answers.
  std::shared_ptr<ForwardedConnection> begin();

  /// Gives the connection up at once.
  void reset();

 private:
  class Answer;

  enum class State {
    kWaiting,  // for an answer
    kRelayed,  // the data stream is the relay's
    kByHand,   // or the Runtime's
    kEnding,   // the data stream is over; the error stream's end has not gone out
    kOver,
  };

  // ForwardedConnection's.
  void connect_to(std::unique_ptr<net::Transport> target);
  StreamPtr take_data_stream();
  void fail(std::string_view message);
  void on_gone(OnceCallback<void()> handler);
  void answer_dropped();

  void gone();
  void relay_over(const Error& error);
  void data_over(std::string text);
  void error_stream_over(const Error& how);
  void over();

  StreamPtr error_;
  StreamPtr data_;  // in kWaiting and kByHand
  Options options_;
  bool gone_ = false;  // before it was answered
  OnceCallback<void()> on_gone_;
  std::optional<net::Wakeup> tell_gone_;      // calls an on_gone_ that was set after that
  std::shared_ptr<httpstream::Relay> relay_;  // in kRelayed
  State state_ = State::kWaiting;
  bool error_stream_over_ = false;
};

}  // namespace uvspdy::kube
