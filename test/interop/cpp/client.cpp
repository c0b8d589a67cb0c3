#include "client.h"

#include <utility>

#include "uvspdy/httpstream/url.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::interop {

Client::Client(uv_loop_t* loop, const Options& options)
    : loop_(loop), options_(options), deadline_(loop, [this] {
        finish("timed out after " + std::to_string(options_.timeout.count()) + " s");
      }) {}

void Client::start(std::uint64_t number, session::TraceHandler trace, ConnectedHandler on_connected,
                   DoneHandler on_done) {
  on_connected_ = std::move(on_connected);
  on_done_ = std::move(on_done);
  finished_ = false;
  problem_.clear();
  deadline_.start(options_.timeout);
  const auto url = httpstream::parse_url("http://" + options_.target);
  if (!url) return finish(url.error().message());
  net::connect_tcp(loop_, url->host, url->port, options_.timeout,
                   [this, number, trace = std::move(trace)](auto transport) mutable {
                     if (!transport) return finish(transport.error().message());
                     connected(std::move(*transport), number, std::move(trace));
                   });
}

void Client::connected(std::unique_ptr<net::Transport> transport, std::uint64_t number,
                       session::TraceHandler trace) {
  if (finished_) return;  // too late
  connection_ = httpstream::Connection::create(std::move(transport), session::Role::kClient,
                                               connection_options(options_, number));
  connection_->on_trace(std::move(trace));
  connection_->on_close([this](const Error& error) {
    if (!finished_) {
      finished_ = true;
      problem_ = "the connection ended: " + (error ? error.message() : "the peer closed it");
    }
    done();
  });
  on_connected_(*connection_);
}

void Client::finish(const std::string& problem) {
  if (std::exchange(finished_, true)) return;
  problem_ = problem;
  if (!connection_) return done();
  peer_flow_control_ = connection_->stats().flow_control;
  if (problem.empty()) {
    connection_->close();
  } else {
    connection_->abort();
  }
}

void Client::done() {
  deadline_.stop();
  connection_.reset();
  if (const auto handler = std::exchange(on_done_, {})) handler(problem_);
}

}  // namespace uvspdy::interop
