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
  (void)stream.close();
}

void source(Stream& stream, StreamDecision& decision) {
  stream.on_data([](Bytes) {});
  decision.accept(reply_headers());
  std::make_shared<PatternSender>(stream, static_cast<std::uint32_t>(number_in(stream, "index")),
                                  number_in(stream, "bytes"))
      ->start();
}

void sink(Stream& stream, StreamDecision& decision) {
  const auto check = std::make_shared<PatternCheck>(
      static_cast<std::uint32_t>(number_in(stream, "index")), number_in(stream, "bytes"));
  const auto fail = [&stream](const std::string& problem) {
    report("stream " + std::to_string(stream.identifier()) + ": " + problem);
    stream.reset();
  };
  stream.on_data([check, fail](Bytes bytes) {
    const std::string problem = check->receive(bytes);
    if (!problem.empty()) fail(problem);
  });
  stream.on_end([&stream, check, fail](const Error&) {
    if (!check->complete()) return fail("the end came after " + check->progress());
    (void)stream.write(Buffer::copy_of(kReceived));
    (void)stream.close();
  });
  decision.accept(reply_headers());
}

void run_script(Connection& connection, const std::shared_ptr<Stream>& stream,
                StreamDecision decision) {
  const auto index = static_cast<std::uint32_t>(number_in(*stream, "index"));
  const std::string text(stream->headers().get("script").value_or(""));
  std::make_shared<Script>(connection, 's', index, text, [index](const std::string& problem) {
    report(problem.empty() ? "script " + std::to_string(index) + ": as written" : problem);
  })->opened(stream, std::move(decision));
}

void accept(Connection& connection, const std::shared_ptr<Stream>& stream,
            StreamDecision decision) {
  if (const auto value = stream->headers().get("v")) return mirror(*stream, decision, *value);
  const std::string_view type = stream->headers().get("streamtype").value_or("");
  if (type == "source") return source(*stream, decision);
  if (type == "sink") return sink(*stream, decision);
  if (type == "script") return run_script(connection, stream, std::move(decision));
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
  auto options = connection_options(options_, accepted_++);
  const auto self = std::make_shared<Connection*>(nullptr);
  options.on_new_stream = [self](const auto& stream, StreamDecision decision) {
    accept(**self, stream, std::move(decision));
  };
  auto connection =
      Connection::create(std::move(transport), session::Role::kServer, std::move(options));
  *self = connection.get();
  connection->on_close([this, connection](const Error& error) {
    if (error) report(connection->peer() + ": " + error.message());
    report(std::string(name_of(connection->stats().flow_control)));
    connections_.erase(connection);
  });
  connections_.insert(std::move(connection));
}

}  // namespace uvspdy::interop
