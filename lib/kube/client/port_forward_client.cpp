#include "uvspdy/kube/client/port_forward_client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/relay.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using StreamPtr = std::shared_ptr<httpstream::Stream>;

// The most bytes of an error stream that are kept.
constexpr std::size_t kMaxText = 64 * 1024;

// Blocks for reads from local connections: larger than one gathered write.
constexpr std::size_t kBlockSize = 64 * 1024;
constexpr std::size_t kPooledBlocks = 8;

/// One forwarded connection. The streams' handlers keep it until both are over.
class Forwarding : public std::enable_shared_from_this<Forwarding> {
 public:
  Forwarding(std::unique_ptr<net::Transport> local, std::shared_ptr<BufferPool> pool,
             std::shared_ptr<std::size_t> count, std::chrono::milliseconds end_grace,
             PortForwarder::DoneHandler done)
      : local_(std::move(local)),
        pool_(std::move(pool)),
        count_(std::move(count)),
        end_grace_(end_grace),
        done_(std::move(done)),
        grace_(local_->loop(), [this] { grace_is_over(); }) {
    ++*count_;
  }

  // Creates both streams at once: a server pairs them by the request id.
  void start(httpstream::Connection& connection, std::uint16_t port, std::uint64_t request) {
    Headers headers{{kHeaderStreamType, kStreamTypeError},
                    {kHeaderPort, std::to_string(port)},
                    {kHeaderRequestId, std::to_string(request)}};
    connection.create_stream(headers, [self = shared_from_this()](Result<StreamPtr> stream) {
      self->error_stream_created(std::move(stream));
    });
    headers.set(kHeaderStreamType, kStreamTypeData);
    headers.set(kHeaderResetIsBreak, "true");
    connection.create_stream(headers, [self = shared_from_this()](Result<StreamPtr> stream) {
      self->data_stream_created(std::move(stream));
    });
  }

 private:
  /// The state of a stream.
  enum class State { kCreating, kOpen, kOver };

  // ---- the error stream: its end is the server's last word

  void error_stream_created(Result<StreamPtr> stream) {
    if (!stream) {
      note(stream.error());
      return error_stream_over();
    }
    error_stream_ = std::move(*stream);
    error_state_ = State::kOpen;
    const auto self = shared_from_this();
    error_stream_->on_data([self](Bytes bytes) {
      const std::size_t room = kMaxText - std::min(kMaxText, self->text_.size());
      self->text_ += text_of(bytes.first(std::min(bytes.size(), room)));
    });
    error_stream_->on_end([self](const Error&) { self->error_stream_over(); });
    error_stream_->close();  // a client sends nothing on it
    if (data_state_ == State::kOver) grace_.start(end_grace_);
  }

  void error_stream_over() {
    error_state_ = State::kOver;
    if (data_state_ == State::kOpen) tell_relay();
    check_over();
  }

  // ---- the data stream

  void data_stream_created(Result<StreamPtr> stream) {
    if (!stream) {
      note(stream.error());
      local_->abort({});
      return data_over();
    }
    data_state_ = State::kOpen;
    relay_ = httpstream::Relay::start(std::move(*stream), std::move(local_),
                                      [self = shared_from_this()](const Error& error) {
                                        self->note(error);
                                        self->data_over();
                                      },
                                      {.pool = pool_});
    if (error_state_ == State::kOver) tell_relay();
  }

  // The server has finished. What still comes on the data stream is delivered first; after a text
  // that is not all of the data.
  void tell_relay() {
    if (!error_stream_) return relay_->reset();
    received_bytes_ = relay_->received_bytes();
    grace_.start(end_grace_);
    if (text_.empty()) return relay_->end_with_stream();
    relay_->break_off(failure());
  }

  void data_over() {
    data_state_ = State::kOver;
    if (error_state_ == State::kOpen) grace_.start(end_grace_);
    check_over();
  }

  // ---- the end

  void grace_is_over() {
    if (error_state_ == State::kOpen) error_stream_->reset();
    if (data_state_ != State::kOpen) return;
    if (text_.empty()) {
      // No limit while the local program is slow or the server still sends data.
      const std::uint64_t before = std::exchange(received_bytes_, relay_->received_bytes());
      if (before != received_bytes_ || !relay_->waits_for_stream()) return grace_.start(end_grace_);
      note(Error(Errc::kForwardFailed, "the server says that it is through, and then nothing for " +
                                           std::to_string(end_grace_.count()) +
                                           " ms: no end of the data has come"));
    }
    relay_->reset();
  }

  void note(const Error& error) {
    if (!error_) error_ = error;
  }

  Error failure() const { return Error(Errc::kForwardFailed, text_); }

  void check_over() {
    if (data_state_ != State::kOver || error_state_ != State::kOver) return;
    grace_.stop();
    --*count_;
    done_(text_.empty() ? error_ : failure());
  }

  std::unique_ptr<net::Transport> local_;  // until it is given to the relay
  std::shared_ptr<BufferPool> pool_;
  std::shared_ptr<std::size_t> count_;
  std::chrono::milliseconds end_grace_;
  PortForwarder::DoneHandler done_;
  net::Timer grace_;
  StreamPtr error_stream_;
  State error_state_ = State::kCreating;
  std::shared_ptr<httpstream::Relay> relay_;
  State data_state_ = State::kCreating;
  std::uint64_t received_bytes_ = 0;  // at the last look
  std::string text_;                  // the server's
  Error error_;                       // what went wrong first
};

}  // namespace

class UVSPDY_LOCAL PortForwarder::Impl {
 public:
  Impl(std::shared_ptr<httpstream::Connection> connection, PortForwarderOptions options)
      : connection_(std::move(connection)), options_(options) {}

  httpstream::Connection& connection() const { return *connection_; }
  std::size_t under_way() const { return *count_; }

  void forward(std::unique_ptr<net::Transport> local, std::uint16_t port, DoneHandler done) {
    std::make_shared<Forwarding>(std::move(local), pool_, count_, options_.end_grace,
                                 std::move(done))
        ->start(*connection_, port, next_request_++);
  }

 private:
  std::shared_ptr<httpstream::Connection> connection_;
  PortForwarderOptions options_;
  std::shared_ptr<BufferPool> pool_ = std::make_shared<BufferPool>(kBlockSize, kPooledBlocks);
  std::shared_ptr<std::size_t> count_ = std::make_shared<std::size_t>(0);
  std::uint64_t next_request_ = 0;
};

net::Attempt PortForwarder::dial(ApiServer& server, const PortForwardRequest& request,
                                 Handler handler, PortForwarderOptions options) {
  return server.dial(
      port_forward_target(request), {std::string(kPortForwardProtocol)},
      [handler = std::move(handler), options](Result<httpstream::Dialed> dialed) mutable {
        if (!dialed) return handler(dialed.error());
        if (!handler) return dialed->connection->close();
        handler(std::make_shared<PortForwarder>(
            Private{}, std::make_unique<Impl>(std::move(dialed->connection), options)));
      });
}

PortForwarder::PortForwarder(Private, std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PortForwarder::~PortForwarder() = default;

void PortForwarder::forward(std::unique_ptr<net::Transport> local, std::uint16_t port,
                            DoneHandler done) {
  impl_->forward(std::move(local), port, std::move(done));
}

std::size_t PortForwarder::connections() const { return impl_->under_way(); }

void PortForwarder::on_close(CloseHandler handler) {
  impl_->connection().on_close(std::move(handler));
}

bool PortForwarder::is_closed() const { return impl_->connection().is_closed(); }

void PortForwarder::close() { impl_->connection().close(); }

std::string PortForwarder::peer() const { return impl_->connection().peer(); }

}  // namespace uvspdy::kube
