#include "uvspdy/httpstream/stream.h"

#include <utility>

#include "httpstream/connection_impl.h"

namespace uvspdy::httpstream {
namespace {

template <class F>
std::shared_ptr<const F> slot(F handler) {
  return handler ? std::make_shared<const F>(std::move(handler)) : nullptr;
}

Error closed_error(wire::StreamId id) {
  return Error(session::Errc::kStreamClosed, "stream " + std::to_string(id) + " is closed");
}

}  // namespace

Stream::Stream(Private, Connection& connection, wire::StreamId id, Headers headers)
    : connection_(&connection), id_(id), headers_(std::move(headers)) {}

Stream::~Stream() = default;

void Stream::on_data(DataHandler handler) {
  if (connection_ == nullptr) return;
  on_data_ = slot(std::move(handler));
  apply_pause();
}

void Stream::on_end(EndHandler handler) {
  if (connection_ != nullptr) on_end_ = slot(std::move(handler));
}

void Stream::on_end_sent(EndHandler handler) {
  if (connection_ != nullptr) on_end_sent_ = slot(std::move(handler));
}

void Stream::on_close(CloseHandler handler) {
  if (connection_ != nullptr) on_close_ = slot(std::move(handler));
}

void Stream::on_writable(WritableHandler handler) {
  if (connection_ != nullptr) on_writable_ = slot(std::move(handler));
}

void Stream::on_headers(HeadersHandler handler) {
  if (connection_ != nullptr) on_headers_ = slot(std::move(handler));
}

void Stream::pause() {
  paused_ = true;
  apply_pause();
}

void Stream::resume() {
  paused_ = false;
  apply_pause();
}

// Without a handler there is nobody to give data to: as good as paused.
void Stream::apply_pause() {
  if (connection_ == nullptr) return;
  session::Session& session = connection_->impl_->session();
  if (paused_ || !on_data_) {
    session.pause(id_);
  } else {
    session.resume(id_);
    connection_->impl_->ask_for_turn();
  }
}

Error Stream::write(Buffer buffer) {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = connection_->impl_->session().write(id_, std::move(buffer));
  if (!error) connection_->impl_->ask_for_turn();
  return error;
}

Error Stream::send_headers(Headers headers, bool fin) {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = connection_->impl_->session().send_headers(id_, std::move(headers), fin);
  if (!error) connection_->impl_->ask_for_turn();
  return error;
}

void Stream::set_overflow(session::OverflowPolicy policy) {
  if (connection_ == nullptr) return;
  connection_->impl_->session().set_overflow(id_, policy);
  connection_->impl_->ask_for_turn();
}

std::optional<session::StreamStats> Stream::stats() const {
  if (connection_ == nullptr) return std::nullopt;
  return connection_->impl_->session().stream_stats(id_);
}

bool Stream::writable() const {
  return connection_ != nullptr && connection_->impl_->session().writable(id_);
}

Error Stream::close() {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = connection_->impl_->session().close_stream(id_);
  if (!error) connection_->impl_->ask_for_turn();
  return error;
}

Error Stream::close_with_reset() {
  if (connection_ == nullptr) return closed_error(id_);
  Error error = connection_->impl_->session().close_with_reset(id_);
  if (!error) connection_->impl_->ask_for_turn();
  return error;
}

void Stream::reset(wire::RstStatus status) {
  if (connection_ == nullptr) return;
  (void)connection_->impl_->session().reset(id_, status);
  connection_->impl_->ask_for_turn();
}

// The last of a stream: every handler goes, and with them what they keep alive.
void Stream::closed(const Error& error) {
  connection_ = nullptr;
  const auto handler = std::exchange(on_close_, nullptr);
  const auto data = std::exchange(on_data_, nullptr);
  const auto end = std::exchange(on_end_, nullptr);
  const auto end_sent = std::exchange(on_end_sent_, nullptr);
  const auto writable = std::exchange(on_writable_, nullptr);
  const auto headers = std::exchange(on_headers_, nullptr);
  if (handler) (*handler)(error);
}

}  // namespace uvspdy::httpstream
