#include "uvspdy/kube/client/port_forward_client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/relay.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

// What a server may say on an error stream.
constexpr std::size_t kMaxText = 64 * 1024;

// How long a server may take to end its error stream behind the end of the data.
constexpr std::chrono::seconds kErrorStreamGrace{10};

// For what is read from local connections: more than a gathered write holds.
constexpr std::size_t kBlockSize = 64 * 1024;
constexpr std::size_t kPooledBlocks = 8;

}  // namespace

/// One forwarded connection. The streams' handlers keep it; `relay_` until it is over.
class PortForwarder::Forwarding : public std::enable_shared_from_this<Forwarding> {
 public:
  Forwarding(std::unique_ptr<net::Transport> local, std::shared_ptr<BufferPool> pool,
             std::shared_ptr<std::size_t> count, DoneHandler done)
      : local_(std::move(local)),
        loop_(local_->loop()),
        pool_(std::move(pool)),
        count_(std::move(count)),
        done_(std::move(done)) {
    ++*count_;
  }

  // Both at once: a server pairs them by the request id.
  void start(httpstream::Connection& connection, std::uint16_t port, std::uint64_t request) {
    Headers headers{{kStreamType, kStreamTypeError},
                    {kPort, std::to_string(port)},
                    {kRequestId, std::to_string(request)}};
    connection.create_stream(headers, [self = shared_from_this()](Result<StreamPtr> stream) {
      self->error_stream_created(std::move(stream));
    });
    headers.set(kStreamType, kStreamTypeData);
    connection.create_stream(headers, [self = shared_from_this()](Result<StreamPtr> stream) {
      self->data_stream_created(std::move(stream));
    });
  }

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  void error_stream_created(Result<StreamPtr> stream) {
    if (!stream) {
      note(stream.error());
      error_over_ = true;
      return end_data();
    }
    error_stream_ = std::move(*stream);
    if (data_over_) start_grace();
    const auto self = shared_from_this();
    error_stream_->on_data([self](Bytes bytes) {
      const std::size_t room = kMaxText - std::min(kMaxText, self->text_.size());
      self->text_ += text_of(bytes.first(std::min(bytes.size(), room)));
    });
    error_stream_->on_end([self] { self->server_is_through(); });
    error_stream_->on_close([self](const Error&) {
      self->error_over_ = true;
      self->server_is_through();
      self->maybe_finish();
    });
    (void)error_stream_->close();  // nothing is said on it here
  }

  // What still comes on the data stream is delivered first, unless the server has said why there is
  // nothing.
  void server_is_through() {
    if (!text_.empty()) return end_data();
    through_ = true;
    if (relay_) relay_->end_with_stream();
  }

  void data_stream_created(Result<StreamPtr> stream) {
    if (!stream) {
      note(stream.error());
      local_.reset();
      return data_over();
    }
    data_stream_ = std::move(*stream);
    if (ending_) {
      data_stream_->reset();
      local_.reset();
      return data_over();
    }
    relay_ = httpstream::Relay::start(data_stream_, std::move(local_),
                                      [self = shared_from_this()](const Error& error) {
                                        self->note(error);
                                        self->relay_.reset();
                                        self->data_over();
                                      },
                                      {.pool = pool_});
    if (through_) relay_->end_with_stream();
  }

  void end_data() {
    ending_ = true;
    if (relay_) return relay_->reset();
    maybe_finish();
  }

  void data_over() {
    data_over_ = true;
    if (error_over_) return maybe_finish();
    if (error_stream_) start_grace();
  }

  void start_grace() {
    grace_.emplace(loop_, [this] { error_stream_->reset(); });  // its on_close follows
    grace_->start(kErrorStreamGrace);
  }

  void note(const Error& error) {
    if (!error_) error_ = error;
  }

  void maybe_finish() {
    if (!data_over_ || !error_over_ || finished_) return;
    finished_ = true;
    const auto keep = shared_from_this();
    grace_.reset();
    --*count_;
    const DoneHandler done = std::exchange(done_, {});
    if (!done) return;
    done(text_.empty() ? error_ : Error(Errc::kForwardFailed, text_));
  }

  std::unique_ptr<net::Transport> local_;  // until the relay has it
  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_;
  std::shared_ptr<std::size_t> count_;
  DoneHandler done_;
  StreamPtr error_stream_;
  StreamPtr data_stream_;
  std::shared_ptr<httpstream::Relay> relay_;
  std::string text_;  // the server's
  Error error_;       // what went wrong first
  bool through_ = false;
  bool ending_ = false;
  bool data_over_ = false;
  bool error_over_ = false;
  bool finished_ = false;
  std::optional<net::Timer> grace_;
};

net::Attempt PortForwarder::dial(ApiServer& server, const PortForwardRequest& request,
                                 Handler handler) {
  return server.dial(
      port_forward_target(request), {std::string(kPortForwardProtocol)},
      [handler = std::move(handler)](Result<httpstream::Dialed> dialed) {
        if (!dialed) return handler(dialed.error());
        handler(std::make_shared<PortForwarder>(Private{}, std::move(dialed->connection)));
      });
}

PortForwarder::PortForwarder(Private, std::shared_ptr<httpstream::Connection> connection)
    : connection_(std::move(connection)),
      pool_(std::make_shared<BufferPool>(kBlockSize, kPooledBlocks)),
      count_(std::make_shared<std::size_t>(0)) {}

PortForwarder::~PortForwarder() = default;

void PortForwarder::forward(std::unique_ptr<net::Transport> local, std::uint16_t port,
                            DoneHandler done) {
  std::make_shared<Forwarding>(std::move(local), pool_, count_, std::move(done))
      ->start(*connection_, port, next_request_++);
}

std::size_t PortForwarder::connections() const { return *count_; }

void PortForwarder::on_close(CloseHandler handler) { connection_->on_close(std::move(handler)); }

bool PortForwarder::is_closed() const { return connection_->is_closed(); }

void PortForwarder::close() { connection_->close(); }

std::string PortForwarder::peer() const { return connection_->peer(); }

}  // namespace uvspdy::kube
