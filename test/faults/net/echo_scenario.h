#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::test {

/// A server that echoes, and a client that listens, dials, upgrades, has a text echoed and closes.
/// It counts the calls of each handler that must be called once. Nothing in it waits for a time of
/// uvspdy's, so that what is forgotten hangs, and fails.
class EchoScenario {
 public:
  enum class Over { kTcp, kTls, kLocalSocket };

  EchoScenario(Over over, std::string path) : over_(over), path_(std::move(path)) {}
  EchoScenario(const EchoScenario&) = delete;
  EchoScenario& operator=(const EchoScenario&) = delete;

  /// Runs it all, as far as it comes. False when something hangs.
  [[nodiscard]] bool run(TestLoop& loop, const std::string& text) {
    text_ = &text;
    if (!start(loop)) return loop.run_out();
    const bool ended = loop.run_until([this] { return is_over(); });
    if (server_) server_->close();
    server_.reset();
    const bool out = loop.run_out();
    client_stream_.reset();
    return ended && out;
  }

  /// Nothing, or a text about a handler that was not called once, or was called twice.
  std::string what_is_wrong() const {
    const auto count = [](const char* what, int calls, int expected) {
      return calls == expected ? std::string()
                               : std::string(what) + " was called " + std::to_string(calls) +
                                     " times, not " + std::to_string(expected) + "; ";
    };
    return count("the handler of dial", dialed_, dials_) +
           count("the handler of create_stream", created_, connections_) +
           count("on_close of the client's connection", client_closed_, connections_) +
           count("on_end of the client's stream", stream_ended_, streams_) +
           count("on_close of the client's stream", stream_closed_, streams_) +
           count("on_close of the server's connections", server_closed_, upgrades_) +
           count("on_close of the server's streams", server_stream_closed_, server_streams_) +
           (ended_well_ && !is_echoed() ? "the stream ended well and is cut short; " : "");
  }

  bool is_echoed() const { return text_ != nullptr && echoed_ == *text_; }

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  static httpstream::ConnectionOptions patient() {
    httpstream::ConnectionOptions options;
    options.close_timeout = std::chrono::hours(1);
    options.session.create_timeout = std::chrono::hours(1);
    return options;
  }

  bool start(TestLoop& loop) {
    httpstream::HttpServerOptions options;
    options.head_timeout = options.tls_timeout = std::chrono::hours(1);
    std::shared_ptr<net::TlsClientContext> client_tls;
    if (over_ == Over::kTls) {
      // Made once, by the run in which nothing fails.
      static const net::TlsServerOptions for_server = server_options();
      static const net::TlsClientOptions for_client = client_options();
      auto server_tls = net::TlsServerContext::create(for_server);
      auto made = net::TlsClientContext::create(for_client);
      if (!server_tls || !made) return false;
      options.tls = *server_tls;
      client_tls = *made;
    }
    const auto serve = [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
      upgrade(*exchange);
    };
    auto server =
        over_ == Over::kLocalSocket
            ? httpstream::HttpServer::listen_pipe(loop.get(), path_, serve, std::move(options))
            : httpstream::HttpServer::listen(loop.get(), "127.0.0.1", 0, serve, std::move(options));
    if (!server) return false;
    server_ = std::move(*server);
    httpstream::Url url{.host = "localhost", .port = server_->port(), .target = "/"};
    if (over_ == Over::kTls) url.scheme = "https";
    if (over_ == Over::kLocalSocket) url = {.scheme = "unix", .target = "/", .socket_path = path_};
    httpstream::DialerOptions dialer;
    dialer.route.connect_timeout = dialer.route.tls_timeout = dialer.route.response_timeout =
        std::chrono::hours(1);
    dialer.route.tls = client_tls;
    dialer.connection = patient();
    ++dials_;
    httpstream::Dialer(loop.get(), url, dialer)
        .dial({"echo.example"}, [this](Result<httpstream::Dialed> dialed) {
          ++dialed_;
          if (dialed) use(dialed->connection);
        });
    return true;
  }

  // The server's side.
  void upgrade(httpstream::HttpExchange& exchange) {
    httpstream::HttpResponse response;
    static constexpr std::string_view kProtocols[] = {"echo.example"};
    if (!httpstream::handshake(exchange.request(), response, kProtocols)) {
      return exchange.respond(response);
    }
    const auto connection = httpstream::ResponseUpgrader(patient()).upgrade_response(
        exchange, response, [this](StreamPtr stream, httpstream::StreamDecision decision) {
          ++server_streams_;
          decision.accept();
          httpstream::Stream* const echo = stream.get();
          echo->on_data([echo](Bytes bytes) { (void)echo->write(Buffer::copy_of(bytes)); });
          echo->on_end([echo](const Error&) { echo->close(); });
          // The handler holds the stream until it is called.
          echo->on_close(
              [this, stream = std::move(stream)](const Error&) { ++server_stream_closed_; });
        });
    if (!connection) return;
    ++upgrades_;
    (*connection)->on_close([this](const Error&) { ++server_closed_; });
  }

  // The client's side.
  void use(const std::shared_ptr<httpstream::Connection>& connection) {
    ++connections_;
    connection->on_close([this](const Error&) { ++client_closed_; });
    connection->create_stream({}, [this, connection](Result<StreamPtr> created) {
      ++created_;
      if (!created) return connection->close();
      ++streams_;
      client_stream_ = *created;
      client_stream_->on_data([this](Bytes bytes) { echoed_ += text_of(bytes); });
      client_stream_->on_end([this](const Error& error) {
        ++stream_ended_;
        ended_well_ = !error;
      });
      client_stream_->on_close([this, connection](const Error&) {
        ++stream_closed_;
        connection->close();
      });
      (void)client_stream_->write(Buffer(bytes_of(*text_), nullptr));
      client_stream_->close();
    });
  }

  bool is_over() const {
    return dialed_ > 0 && (connections_ == 0 || client_closed_ > 0) && server_closed_ == upgrades_;
  }

  Over over_;
  std::string path_;
  const std::string* text_ = nullptr;
  std::string echoed_;
  std::unique_ptr<httpstream::HttpServer> server_;
  StreamPtr client_stream_;
  int dials_ = 0;
  int dialed_ = 0;
  int connections_ = 0;
  int client_closed_ = 0;
  int created_ = 0;
  int streams_ = 0;
  int stream_ended_ = 0;
  bool ended_well_ = false;
  int stream_closed_ = 0;
  int upgrades_ = 0;
  int server_closed_ = 0;
  int server_streams_ = 0;
  int server_stream_closed_ = 0;
};

}  // namespace uvspdy::test
