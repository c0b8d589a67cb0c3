#include "server.h"

#include <utility>

#include "echo.h"
#include "number.h"
#include "report.h"
#include "script.h"
#include "transfer.h"

namespace uvspdy::interop {

using httpstream::Connection;
using httpstream::Stream;
using httpstream::StreamDecision;

namespace {

std::uint64_t number_in(const Stream& stream, std::string_view name) {
  return parse_number(stream.headers().get(name).value_or("")).value_or(0);
}

// Answers with the very field that came, and ends.
void mirror(Stream& stream, StreamDecision& decision, std::string_view value) {
  Headers headers = stream.headers().get(":method") ? reply_headers() : Headers();
  headers.add("v", value);
  decision.accept(std::move(headers));
  stream.close();
}

void source(Stream& stream, StreamDecision& decision) {
  decision.accept(reply_headers());
  PatternSender::start(stream.take_writer(), static_cast<std::uint32_t>(number_in(stream, "index")),
                       number_in(stream, "bytes"));
}

/// Takes an upload, and answers when it is whole. Its stream's handlers hold it.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  explicit Upload(std::shared_ptr<Stream> stream)
      : stream_(std::move(stream)),
        check_(static_cast<std::uint32_t>(number_in(*stream_, "index")),
               number_in(*stream_, "bytes")) {}

  void start() {
    stream_->on_data([self = shared_from_this()](Bytes bytes) {
      const std::string problem = self->check_.receive(bytes);
      if (!problem.empty()) self->fail(problem);
    });
    stream_->on_end([self = shared_from_this()](const Error& error) {
      if (!error) self->ended();
    });
  }

 private:
  void ended() {
    if (!check_.complete()) return fail("the end came after " + check_.progress());
    if (Error error = stream_->write(Buffer::copy_of(kReceived))) return fail(error.message());
    stream_->close();
  }

  void fail(const std::string& problem) {
    report("stream " + std::to_string(stream_->identifier()) + ": " + problem);
    stream_->reset();
  }

  std::shared_ptr<Stream> stream_;
  PatternCheck check_;
};

void run_script(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  const auto index = static_cast<std::uint32_t>(number_in(*stream, "index"));
  const std::string text(stream->headers().get("script").value_or(""));
  std::make_shared<Script>('s', index, text, [index](const std::string& problem) {
    report(problem.empty() ? "script " + std::to_string(index) + ": as written" : problem);
  })->opened(stream, std::move(decision));
}

void accept(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  if (const auto value = stream->headers().get("v")) return mirror(*stream, decision, *value);
  const std::string_view type = stream->headers().get("streamtype").value_or("");
  if (type == "source") return source(*stream, decision);
  if (type == "script") return run_script(stream, std::move(decision));
  if (type == "sink") {
    std::make_shared<Upload>(stream)->start();
    return decision.accept(reply_headers());
  }
  echo(*stream);
  decision.accept(reply_headers());
}

}  // namespace

Result<std::string> Server::start(uv_loop_t* loop) {
  constexpr const char* kAddress = "127.0.0.1";
  auto listener = net::Listener::listen_tcp(
      loop, kAddress, 0, [this](auto transport) { serve(std::move(transport)); });
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  return std::string(kAddress) + ":" + std::to_string(listener_->port());
}

void Server::stop() {
  listener_->close();
  for (const auto& connection : connections_) connection->close();
}

void Server::serve(std::unique_ptr<net::Transport> transport) {
  auto connection = Connection::create(std::move(transport), session::Role::kServer,
                                       connection_options(options_, accepted_++));
  connection->on_new_stream(accept);
  connection->on_close([this, connection](const Error& error) {
    if (error) report(connection->peer() + ": " + error.message());
    report(std::string(name_of(connection->stats().flow_control)));
    connections_.erase(connection);
  });
  connections_.insert(std::move(connection));
}

}  // namespace uvspdy::interop
