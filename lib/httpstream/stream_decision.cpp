#include "httpstream/stream_decision.h"

#include <utility>

#include "httpstream/connection_impl.h"

namespace uvspdy::httpstream {

StreamDecision::State::~State() {
  const auto held = connection.lock();
  if (decided || !held) return;
  held->impl_->session_for(id).reset(id, wire::RstStatus::kRefusedStream);
  held->impl_->ask_for_turn();
}

void StreamDecision::accept(Headers reply_headers) {
  const auto connection = state_->connection.lock();
  if (std::exchange(state_->decided, true) || !connection) return;
  if (const auto core = connection->impl_->find(state_->id)) core->note_decided();
  session::Session& session = connection->impl_->session_for(state_->id);
  if (session.reply(state_->id, std::move(reply_headers))) {
    // With headers that cannot be sent the stream cannot be accepted.
    session.reset(state_->id, wire::RstStatus::kInternalError);
  }
  connection->impl_->ask_for_turn();
}

void StreamDecision::reject(wire::RstStatus status) {
  const auto connection = state_->connection.lock();
  if (std::exchange(state_->decided, true) || !connection) return;
  connection->impl_->session_for(state_->id).reset(state_->id, status);
  connection->impl_->ask_for_turn();
}

void StreamDecision::on_reply_sent(OnceCallback<void()> handler) {
  const auto connection = state_->connection.lock();
  if (!connection) return;
  if (const auto core = connection->impl_->find(state_->id))
    core->on_reply_sent(std::move(handler));
}

void NoOpNewStreamHandler::operator()(const std::shared_ptr<Stream>& stream,
                                      StreamDecision decision) const {
  decision.accept();
  stream->close();
}

}  // namespace uvspdy::httpstream
