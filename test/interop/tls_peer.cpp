// TLS over TCP with net::tls_accept and net::tls_connect, for peers of OpenSSL's own.
//
//     tls-peer serve --cert FILE --key FILE [--client-ca FILE] [--min 1.3]
//     tls-peer connect HOST:PORT [--ca FILE] [--cert FILE --key FILE] [--name NAME] [--times N]
//
// The server prints "listening on 127.0.0.1:PORT", sends back what comes, and ends on SIGTERM. The
// client sends its stdin, ends its side, and prints what comes back. Both tell of handshakes and
// failures on stderr. Exits with 1 when something has failed.

#include <cstdio>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cpp/stop_signal.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/httpstream/transport_ends.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/tls.h"

using namespace uvspdy;

namespace {

constexpr std::chrono::seconds kTimeout{20};

using Options = std::map<std::string, std::string>;

std::string value(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

net::TlsVersion min_version(const Options& options) {
  return value(options, "--min") == "1.3" ? net::TlsVersion::kTls13 : net::TlsVersion::kTls12;
}

net::TlsKeyPair key_pair(const Options& options) {
  return {.certificate = {.file = value(options, "--cert")},
          .key = {.file = value(options, "--key")}};
}

void report(const net::TlsInfo& info) {
  std::cerr << "handshake " << info.version << (info.resumed ? " resumed" : " full") << " name '"
            << info.server_name << "' peer '" << (info.peer ? info.peer->subject : "") << "'"
            << std::endl;
}

int fail(const Error& error) {
  std::cerr << "tls-peer: " << error.message() << std::endl;
  return 1;
}

int serve(const Options& options) {
  net::TlsServerOptions tls{.key_pair = key_pair(options), .min_version = min_version(options)};
  if (const std::string ca = value(options, "--client-ca"); !ca.empty()) {
    tls.client_certificate = net::ClientCertificate::kRequired;
    tls.client_ca.file = ca;
  }
  auto context = net::TlsServerContext::create(tls);
  if (!context) return fail(context.error());
  uv_loop_t* loop = uv_default_loop();
  std::map<int, std::shared_ptr<httpstream::Pump>> echoes;  // that are not over
  int next = 0;
  const auto take = [&](Result<std::unique_ptr<net::Transport>> made) {
    if (!made) {
      fail(made.error());
      return;
    }
    report(*(*made)->tls());
    httpstream::TransportEnds ends = httpstream::ends_of(std::move(*made));
    const int id = next++;
    echoes[id] = httpstream::Pump::start(std::move(ends.source), std::move(ends.sink),
                                         [&echoes, id](const Error& error) {
                                           if (error) fail(error);
                                           echoes.erase(id);
                                         });
  };
  auto listener = net::Listener::listen_tcp(
      loop, "127.0.0.1", 0, [&](std::unique_ptr<net::Transport> transport) {
        net::tls_accept(std::move(transport), *context, kTimeout, take);
      });
  if (!listener) return fail(listener.error());
  std::cout << "listening on 127.0.0.1:" << (*listener)->port() << std::endl;
  const interop::StopSignal stop(loop, [&] {
    (*listener)->close();
    for (const auto& [id, echo] : echoes) echo->break_off(net::uv_error(UV_ECANCELED, "stopped"));
  });
  return uv_run(loop, UV_RUN_DEFAULT);
}

int connect_once(const std::shared_ptr<net::TlsClientContext>& context, const std::string& host,
                 std::uint16_t port, const std::string& input) {
  uv_loop_t* loop = uv_default_loop();
  int code = 1;
  httpstream::TransportEnds ends;
  const auto take = [&](Result<std::unique_ptr<net::Transport>> made) {
    if (!made) {
      fail(made.error());
      return;
    }
    report(*(*made)->tls());
    ends = httpstream::ends_of(std::move(*made));
    ends.sink->start({}, {});
    ends.sink->write(httpstream::Piece(Buffer(input)));
    ends.sink->end();
    ends.source->start(
        [](httpstream::Piece piece) { std::cout << text_of(piece.bytes()) << std::flush; },
        [&](const Error& error) {
          code = error ? fail(error) : 0;
          ends = {};
        });
  };
  net::connect_tcp(loop, host, port, kTimeout, [&](Result<std::unique_ptr<net::Transport>> tcp) {
    if (!tcp) {
      fail(tcp.error());
      return;
    }
    net::tls_connect(std::move(*tcp), context, host, kTimeout, take);
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return code;
}

int connect(const std::string& target, const Options& options) {
  net::TlsClientOptions tls{.ca = {.file = value(options, "--ca")},
                            .server_name = value(options, "--name"),
                            .min_version = min_version(options)};
  if (options.count("--cert") != 0) tls.key_pair = key_pair(options);
  const auto context = net::TlsClientContext::create(tls);
  if (!context) return fail(context.error());
  const std::size_t colon = target.rfind(':');
  const std::string host = target.substr(0, colon);
  const auto port = static_cast<std::uint16_t>(std::stoi(target.substr(colon + 1)));
  const std::string times = value(options, "--times");
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  for (int left = times.empty() ? 1 : std::stoi(times); left > 0; --left) {
    if (const int code = connect_once(*context, host, port, input); code != 0) return code;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool client = words.size() > 1 && words[0] == "connect";
  if (!client && (words.empty() || words[0] != "serve")) {
    std::cerr << "usage: tls-peer serve|connect HOST:PORT [OPTION VALUE]...\n";
    return 2;
  }
  Options options;
  for (std::size_t i = client ? 2 : 1; i + 1 < words.size(); i += 2)
    options[words[i]] = words[i + 1];
  return client ? connect(words[1], options) : serve(options);
}
