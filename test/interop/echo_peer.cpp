// Our end of the interoperability tests, a process like the Go peer beside it and with the same
// contract (go/README.md). It echoes streams, or has its own echoed, and shows how to embed uvspdy
// on both sides of a connection, with backpressure.

#include <uv.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cpp/echo.h"
#include "cpp/number.h"
#include "cpp/report.h"
#include "cpp/stop_signal.h"
#include "uvspdy/httpstream.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/tls.h"

using namespace uvspdy;
using namespace uvspdy::interop;
using httpstream::Connection;
using httpstream::Stream;

namespace {

constexpr const char* kUsage =
    "usage:\n"
    "  echo-peer serve [--raw] [--protocol NAME] [--tls-cert-file F --tls-private-key-file F]\n"
    "  echo-peer dial [--raw] [--protocol NAME] [--streams N] [--bytes M] [--timeout SECONDS] "
    "TARGET\n"
    "\n"
    "TARGET is http://127.0.0.1:PORT/, or 127.0.0.1:PORT with --raw: SPDY without an upgrade.\n";

struct Options {
  bool raw = false;
  std::string protocol = "echo.uvspdy.test";
  std::uint64_t streams = 1;
  std::uint64_t bytes = 0;
  std::chrono::seconds timeout{60};
  std::string certificate;  // a server's; empty: no TLS
  std::string key;
  std::string target;
};

// ---- serve

void accept_and_echo(const std::shared_ptr<Stream>& stream, httpstream::StreamDecision decision) {
  echo(*stream);
  decision.accept();
}

class EchoServer {
 public:
  explicit EchoServer(const Options& options) : options_(options) {}

  /// Listens on a free port. Returns the target to dial.
  Result<std::string> start(uv_loop_t* loop) {
    constexpr const char* kAddress = "127.0.0.1";
    if (!options_.certificate.empty()) {
      auto context =
          net::TlsServerContext::create({.key_pair = {
                                             .certificate = {.file = options_.certificate},
                                             .key = {.file = options_.key},
                                         }});
      if (!context) return context.error();
      tls_ = std::move(*context);
    }
    if (options_.raw) {
      auto listener = net::Listener::listen_tcp(
          loop, kAddress, 0, [this](auto transport) { serve_raw(std::move(transport)); });
      if (!listener) return listener.error();
      tcp_ = std::move(*listener);
      return std::string(kAddress) + ":" + std::to_string(tcp_->port());
    }
    auto server = httpstream::HttpServer::listen(
        loop, kAddress, 0, [this](const auto& exchange) { serve_upgrade(*exchange); },
        {.tls = tls_, .log = [](std::string_view line) { report(std::string(line)); }});
    if (!server) return server.error();
    http_ = std::move(*server);
    return (tls_ ? "https://" : "http://") + std::string(kAddress) + ":" +
           std::to_string(http_->port());
  }

  void stop() {
    if (tcp_) tcp_->close();
    if (http_) http_->close();
    for (const auto& connection : connections_) connection->close();
  }

 private:
  void serve_raw(std::unique_ptr<net::Transport> transport) {
    if (!tls_) return serve_spdy(std::move(transport));
    net::tls_accept(std::move(transport), tls_, std::chrono::seconds(10), [this](auto made) {
      if (!made) return report(made.error().message());
      serve_spdy(std::move(*made));
    });
  }

  void serve_spdy(std::unique_ptr<net::Transport> transport) {
    auto connection = Connection::create(std::move(transport), session::Role::kServer);
    connection->on_new_stream(accept_and_echo);
    watch(std::move(connection));
  }

  void serve_upgrade(httpstream::HttpExchange& exchange) {
    const std::array<std::string_view, 1> protocols = {options_.protocol};
    httpstream::HttpResponse response;
    if (!httpstream::handshake(exchange.request(), response, protocols)) {
      return exchange.respond(std::move(response));
    }
    auto connection = httpstream::ResponseUpgrader().upgrade_response(exchange, std::move(response),
                                                                      accept_and_echo);
    if (connection) watch(std::move(*connection));  // otherwise the client has its answer
  }

  // Connections keep themselves alive; the set is for `stop`.
  void watch(std::shared_ptr<Connection> connection) {
    connection->on_close([this, connection](const Error& error) {
      if (error) report(connection->peer() + ": " + error.message());
      connections_.erase(connection);
    });
    connections_.insert(std::move(connection));
  }

  const Options& options_;
  std::shared_ptr<const net::TlsServerContext> tls_;
  std::unique_ptr<net::Listener> tcp_;
  std::unique_ptr<httpstream::HttpServer> http_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
};

int serve(uv_loop_t* loop, const Options& options) {
  EchoServer server(options);
  const Result<std::string> target = server.start(loop);
  if (!target) {
    report(target.error().message());
    return kDisagreed;
  }
  const StopSignal signal(loop, [&server] { server.stop(); });
  std::printf("listening on %s\n", target->c_str());
  std::fflush(stdout);
  uv_run(loop, UV_RUN_DEFAULT);
  return kDone;
}

// ---- dial

/// Byte `offset` of what stream `index` sends (SplitMix64). Streams differ, so that data on the
/// wrong one is noticed; and the bytes can be made again instead of being kept.
std::uint8_t pattern(std::uint64_t index, std::uint64_t offset) {
  std::uint64_t word = ((index << 40) + offset / 8 + 1) * 0x9e3779b97f4a7c15;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  word ^= word >> 31;
  return static_cast<std::uint8_t>(word >> (offset % 8 * 8));
}

/// One stream's part of a dial: what it sends must come back, and nothing else.
class Exchange {
 public:
  /// Called once, with what went wrong, or with an empty text.
  using DoneHandler = std::function<void(const std::string&)>;

  Exchange(std::uint64_t index, std::uint64_t bytes, DoneHandler on_done)
      : index_(index), bytes_(bytes), random_(index + 1), on_done_(std::move(on_done)) {}

  void start(std::shared_ptr<Stream> stream) {
    stream_ = std::move(stream);
    stream_->on_data([this](Bytes bytes) { receive(bytes); });
    stream_->on_end([this](const Error& error) {
      if (!error && received_ < bytes_) fail("the end came after " + progress());
    });
    stream_->on_close([this](const Error& error) {
      if (error) return fail(error.message() + ", after " + progress());
      done({});
    });
    stream_->on_writable([this] { send(); });
  }

  void fail(const std::string& what) {
    const std::string id = stream_ ? " (id " + std::to_string(stream_->identifier()) + ")" : "";
    done("stream " + std::to_string(index_) + id + ": " + what);
  }

 private:
  // In pieces of 1 byte to 64 KiB, small ones as common as large ones: they go wrong in different
  // ways.
  void send() {
    while (sent_ < bytes_) {
      if (!stream_->writable()) return;
      const std::uint64_t largest = std::uint64_t{1} << random_() % 17;
      std::vector<std::uint8_t> piece(std::min(1 + random_() % largest, bytes_ - sent_));
      for (std::uint8_t& byte : piece) byte = pattern(index_, sent_++);
      if (Error error = stream_->write(Buffer(std::move(piece)))) return fail(error.message());
    }
    stream_->close();
  }

  void receive(Bytes bytes) {
    for (const std::uint8_t byte : bytes) {
      if (received_ == bytes_) return fail("more came back than " + progress());
      const std::uint8_t expected = pattern(index_, received_);
      if (byte != expected) {
        return fail("byte " + std::to_string(received_) + " came back as " + std::to_string(byte) +
                    ", was sent as " + std::to_string(expected));
      }
      ++received_;
    }
  }

  std::string progress() const {
    return std::to_string(received_) + " of " + std::to_string(bytes_) + " bytes";
  }

  void done(const std::string& problem) {
    if (const auto handler = std::exchange(on_done_, {})) handler(problem);
  }

  std::uint64_t index_;
  std::uint64_t bytes_;
  std::minstd_rand random_;
  DoneHandler on_done_;
  std::shared_ptr<Stream> stream_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

/// Has every stream of one connection echoed at the same time.
class EchoClient {
 public:
  EchoClient(uv_loop_t* loop, const Options& options)
      : options_(options), deadline_(loop, [this] {
          finish("timed out after " + std::to_string(options_.timeout.count()) + " s with " +
                 std::to_string(complete_) + " of " + std::to_string(options_.streams) +
                 " streams complete");
        }) {}

  void start(uv_loop_t* loop, const httpstream::Url& url) {
    deadline_.start(options_.timeout);
    if (options_.raw) {
      net::connect_tcp(loop, url.host, url.port, options_.timeout, [this](auto transport) {
        if (!transport) return finish(transport.error().message());
        connected(Connection::create(std::move(*transport), session::Role::kClient));
      });
      return;
    }
    httpstream::DialerOptions dial;
    dial.route.connect_timeout = dial.route.response_timeout = options_.timeout;
    httpstream::Dialer(loop, url, dial).dial({options_.protocol}, [this](auto dialed) {
      if (!dialed) return finish(dialed.error().message());
      connected(std::move(dialed->connection));
    });
  }

  int exit_code() const { return exit_code_.value_or(kDisagreed); }

 private:
  void connected(std::shared_ptr<Connection> connection) {
    if (exit_code_) return connection->abort();  // too late
    connection_ = std::move(connection);
    connection_->on_close([this](const Error& error) {
      finish("the connection ended: " + (error ? error.message() : "the peer closed it"));
    });
    for (std::uint64_t index = 0; index < options_.streams; ++index) {
      exchanges_.push_back(std::make_unique<Exchange>(
          index, options_.bytes, [this](const std::string& problem) { exchanged(problem); }));
      connection_->create_stream({{"streamType", "data"}, {"index", std::to_string(index)}},
                                 [exchange = exchanges_.back().get()](auto stream) {
                                   if (!stream) return exchange->fail(stream.error().message());
                                   exchange->start(std::move(*stream));
                                 });
    }
  }

  void exchanged(const std::string& problem) {
    if (!problem.empty()) return finish(problem);
    if (++complete_ == options_.streams) finish({});
  }

  // The first problem is the one to know; what follows is its consequence.
  void finish(const std::string& problem) {
    if (exit_code_) return;
    deadline_.stop();
    if (problem.empty()) {
      exit_code_ = kDone;
      const std::string count = std::to_string(complete_);
      std::printf("%s of %s streams echoed %s bytes\n", count.c_str(), count.c_str(),
                  std::to_string(options_.bytes).c_str());
      connection_->close();
    } else {
      exit_code_ = kDisagreed;
      report(problem);
      if (connection_) connection_->abort();
    }
  }

  const Options& options_;
  net::Timer deadline_;
  std::shared_ptr<Connection> connection_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::uint64_t complete_ = 0;
  std::optional<int> exit_code_;
};

int dial(uv_loop_t* loop, const Options& options) {
  const auto url = httpstream::parse_url((options.raw ? "http://" : "") + options.target);
  if (!url) {
    report(url.error().message());
    return kUsageError;
  }
  EchoClient client(loop, options);
  client.start(loop, *url);
  uv_run(loop, UV_RUN_DEFAULT);
  return client.exit_code();
}

// ---- the command line

/// The options behind the command's name; nothing when they make no sense.
std::optional<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--raw") {
      options.raw = true;
    } else if (!word->starts_with("--")) {
      if (!std::exchange(options.target, *word).empty()) return std::nullopt;
    } else {
      const std::string& name = *word;
      if (++word == words.end()) return std::nullopt;
      const std::optional<std::uint64_t> number = parse_number(*word);
      if (name == "--protocol") {
        options.protocol = *word;
      } else if (name == "--tls-cert-file") {
        options.certificate = *word;
      } else if (name == "--tls-private-key-file") {
        options.key = *word;
      } else if (name == "--streams" && number.value_or(0) > 0) {
        options.streams = *number;
      } else if (name == "--bytes" && number) {
        options.bytes = *number;
      } else if (name == "--timeout" && number.value_or(0) > 0) {
        options.timeout = std::chrono::seconds(*number);
      } else {
        return std::nullopt;
      }
    }
  }
  return options;
}

int run(uv_loop_t* loop, const std::vector<std::string>& words) {
  const std::string command = words.empty() ? "" : words.front();
  const auto options =
      words.empty() ? std::nullopt : parse_options({words.begin() + 1, words.end()});
  if (options && command == "serve" && options->target.empty()) return serve(loop, *options);
  if (options && command == "dial" && !options->target.empty()) return dial(loop, *options);
  std::fputs(kUsage, stderr);
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv asks this of its users
  uv_loop_t loop;
  uv_loop_init(&loop);
  const int exit_code = run(&loop, {argv + 1, argv + argc});
  uv_run(&loop, UV_RUN_DEFAULT);  // handles take a turn to close
  if (uv_loop_close(&loop) != 0) {
    report("something still uses the loop");
    return kDisagreed;
  }
  return exit_code;
}
