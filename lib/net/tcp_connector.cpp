#include <utility>

#include "net/tcp_transport.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {
namespace {

/// One attempt to connect: resolve, then each address in turn. It keeps itself alive until the
/// handler has been called and libuv has given back both requests.
class TcpConnector final : public Cancellable, public std::enable_shared_from_this<TcpConnector> {
 public:
  TcpConnector(uv_loop_t* loop, const std::string& host, std::uint16_t port,
               std::chrono::milliseconds timeout, ConnectHandler handler)
      : loop_(loop),
        target_(host + ":" + std::to_string(port)),
        timeout_(timeout),
        handler_(std::move(handler)),
        timer_(loop, [this] { time_out(); }),
        failed_early_(loop, [this] { finish(last_error_); }) {}

  TcpConnector(const TcpConnector&) = delete;
  TcpConnector& operator=(const TcpConnector&) = delete;

  ~TcpConnector() override {
    if (addresses_ != nullptr) uv_freeaddrinfo(addresses_);
  }

  void start(const std::string& host, std::uint16_t port) {
    self_ = shared_from_this();
    timer_.start(timeout_);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    resolve_.data = this;
    under_way_ = true;
    const int status = uv_getaddrinfo(
        loop_, &resolve_,
        [](uv_getaddrinfo_t* request, int result, addrinfo* addresses) {
          static_cast<TcpConnector*>(request->data)->resolved(result, addresses);
        },
        host.c_str(), std::to_string(port).c_str(), &hints);
    if (status < 0) {
      under_way_ = false;
      last_error_ =
          Error(Errc::kBadAddress, "cannot resolve '" + host + "': " + uv_strerror(status));
      failed_early_.schedule();
    }
  }

  void cancel() override {
    if (!handler_) return;
    give_up();
    last_error_ = uv_error(UV_ECANCELED, "connect to " + target_);
    failed_early_.schedule();
  }

 private:
  void resolved(int status, addrinfo* addresses) {
    under_way_ = false;
    addresses_ = addresses;
    next_ = addresses;
    if (given_up_) return release();
    if (status < 0) {
      return finish(
          Error(Errc::kBadAddress, "cannot resolve " + target_ + ": " + uv_strerror(status)));
    }
    try_next();
  }

  void try_next() {
    while (next_ != nullptr) {
      const addrinfo* address = std::exchange(next_, next_->ai_next);
      transport_ = std::make_unique<TcpTransport>(loop_);
      connect_.data = this;
      const int status = uv_tcp_connect(
          &connect_, transport_->handle(), address->ai_addr, [](uv_connect_t* request, int result) {
            static_cast<TcpConnector*>(request->data)->connected(result);
          });
      if (status == 0) {
        under_way_ = true;
        return;
      }
      last_error_ = uv_error(status, "connect to " + target_);
    }
    transport_.reset();
    finish(last_error_);
  }

  void connected(int status) {
    under_way_ = false;
    if (given_up_) return release();
    if (status < 0) {
      last_error_ = uv_error(status, "connect to " + target_);
      return try_next();
    }
    transport_->connected();
    finish(std::unique_ptr<Transport>(std::move(transport_)));
  }

  // Closing the socket, or cancelling the look-up, calls the request back with ECANCELED; until
  // then it keeps this object.
  void give_up() {
    given_up_ = true;
    transport_.reset();
    void* request = &resolve_;
    if (addresses_ == nullptr) uv_cancel(static_cast<uv_req_t*>(request));
  }

  void time_out() {
    give_up();
    finish(Error(Errc::kTimeout, "no connection to " + target_ + " within " +
                                     std::to_string(timeout_.count()) + " ms"));
  }

  void finish(Result<std::unique_ptr<Transport>> result) {
    timer_.stop();
    failed_early_.cancel();
    const ConnectHandler handler = std::exchange(handler_, {});
    release();
    handler(std::move(result));
  }

  // May destroy this object.
  void release() {
    if (under_way_ || handler_) return;
    const auto last = std::exchange(self_, {});
  }

  uv_loop_t* loop_;
  std::string target_;
  std::chrono::milliseconds timeout_;
  ConnectHandler handler_;
  Timer timer_;
  Wakeup failed_early_;
  std::shared_ptr<TcpConnector> self_;
  uv_getaddrinfo_t resolve_{};
  uv_connect_t connect_{};
  bool given_up_ = false;   // nobody waits for the result any more
  bool under_way_ = false;  // libuv holds one of the two requests
  addrinfo* addresses_ = nullptr;
  addrinfo* next_ = nullptr;
  std::unique_ptr<TcpTransport> transport_;
  Error last_error_;
};

}  // namespace

Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                    std::chrono::milliseconds timeout, ConnectHandler handler) {
  const auto connector =
      std::make_shared<TcpConnector>(loop, host, port, timeout, std::move(handler));
  connector->start(host, port);
  return Attempt(connector);
}

}  // namespace uvspdy::net
