// Passes the session's events on to the streams of the connection.

#include <utility>

#include "httpstream/connection_impl.h"
#include "httpstream/stream_core.h"
#include "httpstream/stream_decision.h"

namespace uvspdy::httpstream {

detail::Counted<StreamCore> Connection::Impl::find(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? detail::Counted<StreamCore>() : found->second;
}

detail::Counted<StreamCore> Connection::Impl::add_stream(wire::StreamId id, Headers headers) {
  return streams_[id] = StreamCore::make(owner_, id, std::move(headers));
}

void Connection::Impl::on_stream(wire::SynStreamFrame&& frame) {
  const wire::StreamId id = frame.stream_id;
  if (!on_new_stream_) return session_.reset(id, wire::RstStatus::kRefusedStream);
  session_.hold(id);
  auto state = std::make_shared<StreamDecision::State>();
  state->connection = owner_.weak_from_this();
  state->id = id;
  StreamDecision decision(std::move(state));
  const auto core = add_stream(id, std::move(frame.headers));
  core->await_decision();
  on_new_stream_(core->make_stream(), std::move(decision));
}

void Connection::Impl::on_reply(wire::StreamId id, Headers&&) { created(id); }

void Connection::Impl::created(wire::StreamId id) {
  auto node = creating_.extract(id);
  if (node.empty()) return;
  const auto core = add_stream(id, std::move(node.mapped().headers));
  if (const auto& sent = node.mapped().sent) core->sent_all(*sent);
  node.mapped().handler(core->make_stream());
}

void Connection::Impl::on_headers(wire::StreamId id, Headers&& headers) {
  if (const auto core = find(id)) core->received_headers(headers);
}

void Connection::Impl::on_data(wire::StreamId id, Bytes bytes) {
  if (const auto core = find(id)) core->received_data(bytes);
}

void Connection::Impl::on_writable(wire::StreamId id) {
  if (const auto core = find(id)) core->writable_again();
}

void Connection::Impl::on_full(wire::StreamId id) {
  if (const auto core = find(id)) core->full();
}

void Connection::Impl::on_reply_sent(wire::StreamId id) {
  if (const auto core = find(id)) core->reply_sent();
}

void Connection::Impl::on_received(wire::StreamId id, const Error& how) {
  if (const auto core = find(id)) core->received_all(how);
}

void Connection::Impl::on_sent(wire::StreamId id, const Error& how) {
  if (const auto core = find(id)) return core->sent_all(how);
  if (const auto creating = creating_.find(id); creating != creating_.end()) {
    creating->second.sent = how;
  }
}

void Connection::Impl::on_stream_closed(wire::StreamId id, const Error& how) {
  if (auto node = creating_.extract(id)) return node.mapped().handler(how);
  if (auto node = streams_.extract(id)) node.mapped()->closed();
}

void Connection::Impl::on_settings(const wire::SettingsFrame& frame) { on_settings_(frame); }

void Connection::Impl::on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) {
  if (auto node = pings_.extract(ping_id)) node.mapped()(round_trip);
}

void Connection::Impl::on_goaway(const wire::GoAwayFrame& frame) {
  peer_goaway_ = frame;
  on_goaway_(frame);
}

}  // namespace uvspdy::httpstream
