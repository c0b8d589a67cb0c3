#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/test_loop.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::test {

/// A proxy and the server behind it in one: accepts one connection, speaks TLS as the proxy, hears
/// what a proxy is asked and answers, speaks TLS as the server, and answers the upgrade with 101.
/// Each part may be left out; where its script stops short it falls silent.
class ProxyAndServer {
 public:
  /// Hears this many bytes, or to the end of a head if 0, then says something ("": nothing more
  /// ever happens).
  struct Turn {
    std::size_t size;
    std::string reply;
  };
  struct Script {
    std::shared_ptr<const net::TlsServerContext> proxy_tls;
    std::vector<Turn> proxy;
    std::shared_ptr<const net::TlsServerContext> server_tls;
    bool silent_tls = false;  ///< of the server: the handshake is not answered
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        "X-Stream-Protocol-Version: v4\r\n\r\n";
  };

  ProxyAndServer(TestLoop& loop, Script script) : script_(std::move(script)) {
    auto listener = net::Listener::listen_tcp(
        loop.get(), "127.0.0.1", 0, [this](std::unique_ptr<net::Transport> transport) {
          listener_->close();
          accepted = true;
          secure(std::move(transport), script_.proxy_tls, &ProxyAndServer::next_turn);
        });
    REQUIRE_THAT(listener, IsSuccess());
    listener_ = std::move(*listener);
  }

  std::uint16_t port() const { return listener_->port(); }

  void close() {
    listener_->close();
    if (transport_) transport_->close({});
  }

  bool accepted = false;
  std::vector<std::string> asked;  ///< of the proxy
  std::string request;             ///< of the server
  bool ended = false;
  Error tls_error;

 private:
  using Next = void (ProxyAndServer::*)();

  void secure(std::unique_ptr<net::Transport> transport,
              const std::shared_ptr<const net::TlsServerContext>& context, Next next) {
    if (!context) {
      transport_ = std::move(transport);
      return (this->*next)();
    }
    net::tls_accept(std::move(transport), context, kDeadline,
                    [this, next](Result<std::unique_ptr<net::Transport>> result) {
                      if (!result) {
                        tls_error = result.error();
                        ended = true;
                        return;
                      }
                      transport_ = std::move(*result);
                      (this->*next)();
                    });
  }

  void hear(std::function<void(const std::string&)> handler) {
    transport_->set_read_handlers(
        [this, handler = std::move(handler)](Bytes bytes) {
          heard_ += text_of(bytes);
          handler(heard_);
        },
        [this](const Error&) { ended = true; });
    transport_->start_reading();
  }

  void say(std::string text) {
    said_.push_back(std::make_unique<std::string>(std::move(text)));
    const Bytes bytes = bytes_of(*said_.back());
    transport_->write(std::span(&bytes, 1), [](const Result<std::size_t>&) {});
  }

  void next_turn() {
    if (asked.size() == script_.proxy.size()) {
      if (!script_.silent_tls) {
        return secure(std::move(transport_), script_.server_tls, &ProxyAndServer::serve);
      }
      return hear([this](const std::string& text) { request = text; });
    }
    const Turn& turn = script_.proxy[asked.size()];
    hear([this, &turn](const std::string& text) {
      if (turn.size > 0 ? text.size() < turn.size : !text.ends_with("\r\n\r\n")) return;
      if (asked.size() == script_.proxy.size()) return;
      asked.push_back(std::exchange(heard_, {}));
      if (turn.reply.empty()) return;
      transport_->stop_reading();
      say(turn.reply);
      next_turn();
    });
  }

  void serve() {
    heard_.clear();
    hear([this](const std::string& text) {
      if (!request.empty() || !text.ends_with("\r\n\r\n")) return;
      request = text;
      if (!script_.answer.empty()) say(script_.answer);
    });
  }

  Script script_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<net::Transport> transport_;
  std::string heard_;
  std::vector<std::unique_ptr<std::string>> said_;
};

}  // namespace uvspdy::test
