#include <utility>

#include "net/address.h"
#include "net/connector.h"
#include "net/stream_transport.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/pipe.h"

namespace uvspdy::net {
namespace {

constexpr std::chrono::milliseconds kRetryDelay{20};

class PipeConnector final : public Connector {
 public:
  PipeConnector(uv_loop_t* loop, std::string path, std::chrono::milliseconds timeout,
                ConnectHandler handler)
      : Connector(loop, local_name(path), timeout, std::move(handler)),
        path_(std::move(path)),
        retry_(loop, [this] { connect(); }) {}

 private:
  void begin() override {
    // libuv would shorten a path that is too long, and connect to that.
    if (Error error = check_socket_path(path_)) return fail_later(std::move(error));
    connect();
  }

  void stop() override {
    retry_.stop();
    transport_.reset();
  }

  void connect() {
    transport_ = StreamTransport::make_pipe(loop());
    transport_->connect(path_, [this](int status) { connected(status); });
  }

  void connected(int status) {
    // Connecting to a local socket whose queue is full fails at once; the kernel does not wait.
    if (status == UV_EAGAIN) {
      transport_.reset();
      return retry_.start(kRetryDelay);
    }
    if (status < 0) {
      transport_.reset();
      return finish(uv_error(status, "connect to " + target()));
    }
    transport_->connected(target());
    finish(std::unique_ptr<Transport>(std::move(transport_)));
  }

  std::string path_;
  Timer retry_;
  std::unique_ptr<StreamTransport> transport_;
};

}  // namespace

Attempt connect_pipe(uv_loop_t* loop, const std::string& path, std::chrono::milliseconds timeout,
                     ConnectHandler handler) {
  const auto connector = std::make_shared<PipeConnector>(loop, path, timeout, std::move(handler));
  connector->start();
  return Attempt(std::weak_ptr<Cancellable>(connector));
}

}  // namespace uvspdy::net
