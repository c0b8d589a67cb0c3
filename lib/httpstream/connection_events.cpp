// What the session tells a connection, handed to the handlers of its streams. Each handler is
// copied before it runs: it may replace itself.

#include <utility>

#include "httpstream/connection_impl.h"
#include "httpstream/stream_decision.h"

namespace uvspdy::httpstream {

std::shared_ptr<Stream> Connection::Impl::find(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second;
}

std::shared_ptr<Stream> Connection::Impl::add_stream(wire::StreamId id, Headers headers) {
  auto stream = std::make_shared<Stream>(Stream::Private{}, owner_, id, std::move(headers));
  streams_[id] = stream;
  return stream;
}

void Connection::Impl::on_reply(wire::StreamId id, Headers&&) { created(id); }

void Connection::Impl::created(wire::StreamId id) {
  auto node = creating_.extract(id);
  if (node.empty()) return;
  const auto stream = add_stream(id, std::move(node.mapped().headers));
  node.mapped().handler(stream);
}

void Connection::Impl::on_headers(wire::StreamId id, Headers&& headers) {
  const auto stream = find(id);
  if (!stream) return;
  if (const auto handler = stream->on_headers_) (*handler)(headers);
}

void Connection::Impl::on_data(wire::StreamId id, Bytes bytes) {
  const auto stream = find(id);
  if (!stream) return;
  if (const auto handler = stream->on_data_) (*handler)(bytes);
}

void Connection::Impl::on_fin(wire::StreamId id) {
  const auto stream = find(id);
  if (!stream) return;
  stream->ended_ = true;
  if (const auto handler = stream->on_end_) (*handler)();
}

void Connection::Impl::on_stream_closed(wire::StreamId id, const Error& error) {
  reply_sent_handlers_.erase(id);
  undecided_.erase(id);
  if (auto node = creating_.extract(id)) {
    node.mapped().handler(error);
    return;
  }
  if (auto node = streams_.extract(id)) node.mapped()->closed(error);
}

void Connection::Impl::on_writable(wire::StreamId id) {
  const auto stream = find(id);
  if (!stream) return;
  if (const auto handler = stream->on_writable_) (*handler)();
}

void Connection::Impl::on_reply_sent(wire::StreamId id) {
  if (const auto stream = find(id)) stream->reply_sent_ = true;
  if (auto node = reply_sent_handlers_.extract(id)) node.mapped()();
}

void Connection::Impl::on_reply_sent(wire::StreamId id, std::function<void()> handler) {
  const auto stream = find(id);
  if (!stream) return;
  if (stream->reply_sent_) return later(std::move(handler));
  reply_sent_handlers_[id] = std::move(handler);
}

void Connection::Impl::on_fin_sent(wire::StreamId id) {
  const auto stream = find(id);
  if (!stream) return;
  if (const auto handler = stream->on_end_sent_) (*handler)();
}

void Connection::Impl::on_settings(const wire::SettingsFrame& frame) {
  if (const SettingsHandler handler = on_settings_handler) handler(frame);
}

void Connection::Impl::on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) {
  if (auto node = pings_.extract(ping_id)) node.mapped()(round_trip);
}

void Connection::Impl::on_goaway(const wire::GoAwayFrame& frame) {
  if (const GoAwayHandler handler = on_goaway_handler) handler(frame);
}

void Connection::Impl::on_stream(wire::SynStreamFrame&& frame) {
  const wire::StreamId id = frame.stream_id;
  session_.pause(id);
  auto state = std::make_shared<StreamDecision::State>();
  state->connection = owner_.weak_from_this();
  state->id = id;
  StreamDecision decision(std::move(state));
  auto stream = add_stream(id, std::move(frame.headers));
  undecided_.insert(id);
  if (!on_new_stream_) return;  // the decision goes undecided: rejected
  const NewStreamHandler handler = on_new_stream_;
  handler(std::move(stream), std::move(decision));
}

}  // namespace uvspdy::httpstream
