#include "httpstream/stream_core.h"

#include <string>
#include <utility>

#include "httpstream/connection_impl.h"

namespace uvspdy::httpstream {
namespace {

Error closed_error(wire::StreamId id) {
  return Error(session::Errc::kStreamClosed, "stream " + std::to_string(id) + " is closed");
}

}  // namespace

StreamCore::StreamCore(Connection& connection, wire::StreamId id, Headers headers)
    : connection_(&connection), loop_(connection.loop()), id_(id), headers_(std::move(headers)) {}

detail::Counted<StreamCore> StreamCore::make(Connection& connection, wire::StreamId id,
                                             Headers headers) {
  auto core = std::make_unique<StreamCore>(connection, id, std::move(headers));
  return detail::Counted<StreamCore>(core.release());
}

void StreamCore::release() {
  if (--holders_ == 0) std::unique_ptr<StreamCore>(this).reset();
}

detail::Counted<StreamCore> StreamCore::self() {
  hold();
  return detail::Counted<StreamCore>(this);
}

std::shared_ptr<Stream> StreamCore::make_stream() {
  return std::make_shared<Stream>(Stream::Private{}, self());
}

session::Session& StreamCore::session() const { return connection_->impl_->session_for(id_); }
void StreamCore::ask_for_turn() const { connection_->impl_->ask_for_turn(); }

StreamCore::Observers& StreamCore::observers() {
  if (!observers_) observers_ = std::make_unique<Observers>();
  return *observers_;
}

// ---- events from the connection

void StreamCore::received_data(Bytes bytes) { on_data_(bytes); }
void StreamCore::received_headers(const Headers& headers) {
  if (observers_) observers_->on_headers(headers);
}

void StreamCore::writable_again() {
  room_unreported_ = false;
  on_writable_();
}

void StreamCore::full() {
  if (reports_full_) on_writable_();
}

void StreamCore::reply_sent() {
  reply_sent_ = true;
  report();
}

// The session itself observes pauses: when it reports an end, the pause has ended.
void StreamCore::received_all(const Error& how) {
  paused_ = false;
  received_ = how ? HalfState::kBroken : HalfState::kEnded;
  receive_error_ = how;
  report();
}

void StreamCore::sent_all(const Error& how) {
  sent_ = how ? HalfState::kBroken : HalfState::kEnded;
  send_error_ = how;
  report();
}

void StreamCore::closed() {
  connection_ = nullptr;
  undecided_ = false;
  closed_ = true;
  report();
}

// Each handler is called at most once for an end. A handler is freed when no event can follow for
// it. Objects in it may call anything when they are destroyed, so the core is held and its state is
// consistent.
void StreamCore::report() {
  const auto keep = self();
  if (reply_sent_ && observers_) observers_->on_reply_sent();
  if (sent_ != HalfState::kOpen) {
    on_sent_(send_error_);
    if (observers_) observers_->on_sent(send_error_);
    // Code that waits for room goes on, unless the writer was dropped just now; `write` returns why
    // there is no room.
    const StreamWriter::WritableHandler last_call = std::move(on_writable_);
    if (sent_ == HalfState::kBroken) last_call();
  } else if (room_unreported_ && writable()) {
    writable_again();
  }
  if (received_ != HalfState::kOpen) {
    const StreamReader::DataHandler no_data = std::move(on_data_);
    if (!paused_ || discarded_) on_end_(receive_error_);
    if (observers_) observers_->on_received(receive_error_);
  }
  if (closed_ && observers_) {
    const Stream::HeadersHandler no_headers = std::move(observers_->on_headers);
    const OnceCallback<void()> no_reply = std::move(observers_->on_reply_sent);
    observers_->on_close(send_error_ ? send_error_ : receive_error_);
  }
}

// For a handler that was set after its event: calls it later, never inside the call that sets it.
void StreamCore::report_later() {
  if (reporting_later_) return;
  reporting_later_ = true;
  auto reports = [core = self()] {
    core->reporting_later_ = false;
    const auto wakeup = std::move(core->observers().late);
    core->report();
  };
  if (connection_ != nullptr) return connection_->impl_->later(std::move(reports));
  observers().late = std::make_unique<net::Wakeup>(loop_, std::move(reports));
  observers_->late->schedule();
}

// ---- the reader's

void StreamCore::on_data(StreamReader::DataHandler handler) {
  if (received_ != HalfState::kOpen || discarded_) return;  // no bytes follow
  std::swap(on_data_, handler);                             // the old handler is destroyed last
  apply_pause();
}

void StreamCore::on_end(StreamReader::EndHandler handler) {
  std::swap(on_end_, handler);
  report_end_later();
}

void StreamCore::pause() {
  paused_ = true;
  apply_pause();
}

void StreamCore::resume() {
  paused_ = false;
  apply_pause();
  report_end_later();
}

void StreamCore::report_end_later() {
  if (received_ != HalfState::kOpen && on_end_) report_later();
}

// Without on_data, bytes are buffered, and the end is reported only if none precede it.
void StreamCore::apply_pause() {
  if (connection_ == nullptr || discarded_) return;
  if (paused_) return session().pause(id_);
  on_data_ ? session().resume(id_) : session().hold(id_);
  ask_for_turn();
}

void StreamCore::discard() {
  if (discarded_) return;
  discarded_ = true;
  if (connection_ != nullptr) {
    session().discard(id_);
    ask_for_turn();
  }
  report_end_later();
  const StreamReader::DataHandler old = std::move(on_data_);
}

void StreamCore::set_overflow(session::OverflowPolicy policy) {
  if (connection_ == nullptr) return;
  session().set_overflow(id_, policy);
  ask_for_turn();
}

void StreamCore::reader_dropped() {
  const StreamReader::EndHandler old = std::move(on_end_);
  discard();
}

// ---- the writer's

Error StreamCore::write(Buffer buffer) {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = session().write(id_, std::move(buffer));
  if (!error) ask_for_turn();
  return error;
}

Error StreamCore::send_headers(Headers headers) {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = session().send_headers(id_, std::move(headers));
  if (!error) ask_for_turn();
  return error;
}

bool StreamCore::writable() const { return connection_ != nullptr && session().writable(id_); }

void StreamCore::on_writable(StreamWriter::WritableHandler handler, bool when_full_too) {
  if (sent_ == HalfState::kEnded) return;
  reports_full_ = when_full_too;
  std::swap(on_writable_, handler);
  room_unreported_ = static_cast<bool>(on_writable_);
  if (room_unreported_ && (sent_ == HalfState::kBroken || writable())) report_later();
}

void StreamCore::on_sent(StreamWriter::SentHandler handler) {
  std::swap(on_sent_, handler);
  if (sent_ != HalfState::kOpen && on_sent_) report_later();
}

void StreamCore::end() {
  if (connection_ == nullptr) return;
  session().end(id_);
  ask_for_turn();
}

void StreamCore::end_with_reset() {
  if (connection_ == nullptr) return;
  session().end_with_reset(id_);
  ask_for_turn();
}

// Refuses a stream that was not accepted yet; after `end` there is no effect.
void StreamCore::writer_dropped() {
  const StreamWriter::WritableHandler no_room = std::move(on_writable_);
  const StreamWriter::SentHandler old = std::move(on_sent_);
  undecided_ ? reset(wire::RstStatus::kRefusedStream) : end_with_reset();
}

// ---- the stream's

void StreamCore::reset(wire::RstStatus status) {
  if (connection_ == nullptr) return;
  session().reset(id_, status);
  ask_for_turn();
}

void StreamCore::on_headers(Stream::HeadersHandler handler) {
  if (!closed_) std::swap(observers().on_headers, handler);
}

void StreamCore::on_stream_received(StreamReader::EndHandler handler) {
  std::swap(observers().on_received, handler);
  if (received_ != HalfState::kOpen && observers_->on_received) report_later();
}

void StreamCore::on_stream_sent(StreamWriter::SentHandler handler) {
  std::swap(observers().on_sent, handler);
  if (sent_ != HalfState::kOpen && observers_->on_sent) report_later();
}

void StreamCore::on_close(Stream::CloseHandler handler) {
  std::swap(observers().on_close, handler);
  if (closed_ && observers_->on_close) report_later();
}

void StreamCore::on_reply_sent(OnceCallback<void()> handler) {
  if (closed_) return;
  std::swap(observers().on_reply_sent, handler);
  if (reply_sent_ && observers_->on_reply_sent) report_later();
}

std::optional<session::StreamStats> StreamCore::stats() const {
  if (connection_ == nullptr) return std::nullopt;
  return session().stream_stats(id_);
}

}  // namespace uvspdy::httpstream
