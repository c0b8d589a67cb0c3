#include "kube/server/served_port_forward.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kube/protocol/log_line.h"
#include "kube/protocol/port_number.h"
#include "kube/server/loop_time.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {
namespace {

// The texts are those of the CRI streaming server.
Result<std::uint16_t> port_of(const Headers& headers) {
  const std::string text(headers.get(kHeaderPort).value_or(""));
  if (text.empty()) return Error(Errc::kBadRequest, "\"port\" header is required");
  return parse_port(text);
}

Error check_type(const Headers& headers) {
  const std::string type(headers.get(kHeaderStreamType).value_or(""));
  if (type.empty()) return Error(Errc::kBadRequest, "\"streamType\" header is required");
  if (type == kStreamTypeError || type == kStreamTypeData) return {};
  return Error(Errc::kBadRequest, "invalid stream type \"" + type + "\"");
}

bool is_error_stream(const httpstream::Stream& stream) {
  return stream.headers().get(kHeaderStreamType) == kStreamTypeError;
}

// The name that both streams of a pair share.
std::string pair_name(const httpstream::Stream& stream) {
  const std::string request_id(stream.headers().get(kHeaderRequestId).value_or(""));
  if (!request_id.empty()) return "request " + request_id;
  const std::uint32_t id = stream.identifier();
  return "streams from " + std::to_string(is_error_stream(stream) ? id : id - 2);
}

}  // namespace

ServedPortForward::ServedPortForward(uv_loop_t* loop, PortForwardRequest request, Options options,
                                     std::string peer, Handler on_connection, OverHandler on_over)
    : loop_(loop),
      request_(std::move(request)),
      options_(std::move(options)),
      peer_(std::move(peer)),
      on_connection_(std::move(on_connection)),
      pair_timer_(loop, [this] { expire_pairs(); }),
      close_limit_(loop, options_.close_grace, options_.slow_reader_timeout),
      over_(loop, [this, on_over = std::move(on_over)]() mutable { on_over(shared_from_this()); }) {
}

void ServedPortForward::log(const std::string& line) const { options_.log(log_line(peer_, line)); }

httpstream::NewStreamHandler ServedPortForward::new_stream_handler() {
  return [self = shared_from_this()](const StreamPtr& stream, httpstream::StreamDecision decision) {
    self->new_stream(stream, std::move(decision));
  };
}

void ServedPortForward::start(std::shared_ptr<httpstream::Connection> connection) {
  connection_ = std::move(connection);
  connection_->on_close(
      [self = shared_from_this()](const Error& error) { self->connection_closed(error); });
  connection_->set_idle_timeout(options_.stream_idle_timeout);
}

// ---- streams

void ServedPortForward::refuse(const std::string& why, httpstream::StreamDecision& decision) const {
  log("stream refused: " + why);
  decision.reject();
}

void ServedPortForward::new_stream(const StreamPtr& stream, httpstream::StreamDecision decision) {
  const Headers& headers = stream->headers();
  const Result<std::uint16_t> port = port_of(headers);
  if (!port) return refuse(port.error().message(), decision);
  if (const Error error = check_type(headers)) return refuse(error.message(), decision);

  const std::string name = pair_name(*stream);
  const auto found = waiting_.find(name);
  if (found == waiting_.end() && waiting_.size() + forwarded_.size() >= options_.max_connections) {
    return refuse("more than max_connections = " + std::to_string(options_.max_connections) +
                      " forwarded connections at one time",
                  decision);
  }
  const bool is_error = is_error_stream(*stream);
  if (found != waiting_.end() && (is_error ? found->second.error : found->second.data)) {
    return refuse("error processing stream for " + name + ": " + (is_error ? "error" : "data") +
                      " stream already assigned",
                  decision);
  }

  decision.accept();
  Pair& pair = waiting_[name];
  (is_error ? pair.error : pair.data) = stream;
  if (pair.error && pair.data) {
    const Pair complete = std::move(waiting_.extract(name).mapped());
    return pair_is_complete(name, complete);
  }
  // This side has not ended its direction yet, so only the client can have.
  stream->on_sent([self = shared_from_this(), name](const Error&) { self->lose_pair(name); });
  if (is_error) stream->reader().discard();
  pair.deadline = loop_time_after(loop_, options_.stream_creation_timeout);
  if (waiting_.size() == 1) pair_timer_.start(options_.stream_creation_timeout);
}

// One stream of a pair has ended before the other was created.
void ServedPortForward::lose_pair(const std::string& name) {
  if (const auto node = waiting_.extract(name)) end_pair(node.mapped(), {});
}

void ServedPortForward::expire_pairs() {
  const std::uint64_t now = uv_now(loop_);
  std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.deadline > now) {
      next = std::min(next, at->second.deadline);
      ++at;
      continue;
    }
    end_pair(at->second, at->first + ": timed out waiting for streams");
    at = waiting_.erase(at);
  }
  if (!waiting_.empty()) pair_timer_.start(std::chrono::milliseconds(next - now));
}

void ServedPortForward::end_pair(const Pair& pair, const std::string& why) {
  if (!why.empty()) log(why);
  if (pair.data) {
    pair.data->on_sent({});
    pair.data->reset();
  }
  if (pair.error) end_error_stream(pair.error, why);
}

void ServedPortForward::pair_is_complete(const std::string& name, const Pair& pair) {
  const Result<std::uint16_t> port = port_of(pair.data->headers());
  const Result<std::uint16_t> error_port = port_of(pair.error->headers());
  if (*port != *error_port) {
    return end_pair(pair, "error processing stream for " + name +
                              ": the error stream is for port " + std::to_string(*error_port) +
                              ", the data stream for port " + std::to_string(*port));
  }
  forward(pair, *port);
}

// ---- forwarded connections

void ServedPortForward::forward(const Pair& pair, std::uint16_t port) {
  ServedConnection::Options options;
  options.loop = loop_;
  options.port = port;
  options.peer = peer_;
  options.target =
      "port " + std::to_string(port) + " to pod " + request_.pod + ", uid " + request_.pod_uid;
  options.relay.pool = options_.pool;
  options.log = [self = shared_from_this()](const std::string& line) { self->log(line); };
  options.on_over = [self = shared_from_this()](const ConnectionPtr& over) {
    self->connection_over(over);
  };
  const auto served = std::make_shared<ServedConnection>(pair.error, pair.data, std::move(options));
  forwarded_.insert(served);
  on_connection_(served->begin());
}

void ServedPortForward::connection_over(const ConnectionPtr& connection) {
  forwarded_.erase(connection);
  check_over();
}

void ServedPortForward::terminate() {
  for (const ConnectionPtr& connection : std::unordered_set(forwarded_)) connection->reset();
  if (!connection_) return;
  connection_->close();
  close_limit_.start(connection_);
}

void ServedPortForward::connection_closed(const Error& error) {
  connection_closed_ = true;
  pair_timer_.stop();
  close_limit_.stop();
  // A client ends a port-forward by going away.
  if (error && error.code() != session::Errc::kConnectionLost) log(error.message());
  check_over();
  // The handler may hold a ForwardedConnection, and with it this object.
  const Handler no_more_come = std::move(on_connection_);
}

void ServedPortForward::check_over() {
  if (connection_closed_ && forwarded_.empty()) over_.schedule();
}

}  // namespace uvspdy::kube
