#include "httpstream/proxy_tunnel.h"

#include <utility>

#include "httpstream/write_all.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

/// It keeps itself alive until the handler has been called.
class ProxyTunnel final : public net::Cancellable,
                          public std::enable_shared_from_this<ProxyTunnel> {
 public:
  ProxyTunnel(std::unique_ptr<net::Transport> transport, std::unique_ptr<ProxyHandshake> handshake,
              std::string what, std::chrono::milliseconds timeout, net::ConnectHandler handler)
      : transport_(std::move(transport)),
        handshake_(std::move(handshake)),
        what_(std::move(what)),
        timeout_(timeout),
        handler_(std::move(handler)),
        timer_(transport_->loop(), [this] { time_out(); }),
        cancelled_(transport_->loop(), [this] { finish(net::uv_error(UV_ECANCELED, what_)); }) {}

  void start() {
    self_ = shared_from_this();
    timer_.start(timeout_);
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { ended(error); });
    transport_->start_reading();
    send(handshake_->start());
  }

  void cancel() override {
    if (!self_) return;
    timer_.stop();
    transport_.reset();
    cancelled_.schedule();
  }

 private:
  void read(Bytes bytes) {
    const auto keep = shared_from_this();
    Result<ProxyHandshake::Step> step = handshake_->take(bytes);
    if (!step) return finish(step.error());
    if (step->done) {
      transport_->stop_reading();
      done_ = true;
    }
    send(step->send);
    if (done_ && !writing_) hand_over();
  }

  // A transport has one write at a time, and a hostile proxy may answer before it has read our
  // text.
  void send(const std::string& text) {
    unsent_ += text;
    if (writing_ || unsent_.empty()) return;
    writing_ = true;
    write_all(*transport_, Buffer(std::exchange(unsent_, {})), [this](const Error& error) {
      const auto keep = shared_from_this();
      writing_ = false;
      // If writing fails, the reader gets the error, perhaps after a refusal.
      if (error) return done_ ? finish(error) : void();
      send({});
      if (done_ && !writing_) hand_over();
    });
  }

  void hand_over() {
    transport_->set_read_handlers({}, {});
    finish(std::move(transport_));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    if (Error refusal = handshake_->refusal_so_far()) return finish(refusal);
    finish(Error(Errc::kConnectionLost, what_ + ": the proxy closed the connection" +
                                            (error ? ": " + error.message() : std::string())));
  }

  void time_out() {
    const auto keep = shared_from_this();
    if (Error refusal = handshake_->refusal_so_far()) return finish(refusal);
    finish(Error(Errc::kProxyTimeout, what_ + ": the proxy did not answer within " +
                                          std::to_string(timeout_.count()) + " ms"));
  }

  void finish(Result<std::unique_ptr<net::Transport>> result) {
    const auto keep = std::exchange(self_, {});
    timer_.stop();
    cancelled_.cancel();
    if (transport_) transport_->close({});
    handler_(std::move(result));
  }

  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<ProxyHandshake> handshake_;
  std::string what_;
  std::chrono::milliseconds timeout_;
  net::ConnectHandler handler_;
  net::Timer timer_;
  net::Wakeup cancelled_;
  std::shared_ptr<ProxyTunnel> self_;
  std::string unsent_;
  bool writing_ = false;
  bool done_ = false;  // only writing is left
};

}  // namespace

net::Attempt open_tunnel(std::unique_ptr<net::Transport> transport,
                         std::unique_ptr<ProxyHandshake> handshake, std::string what,
                         std::chrono::milliseconds timeout, net::ConnectHandler handler) {
  const auto tunnel = std::make_shared<ProxyTunnel>(std::move(transport), std::move(handshake),
                                                    std::move(what), timeout, std::move(handler));
  tunnel->start();
  return net::Attempt(tunnel);
}

}  // namespace uvspdy::httpstream
