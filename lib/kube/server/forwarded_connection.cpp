#include "uvspdy/kube/protocol/forwarded_connection.h"

#include <utility>

#include "kube/server/forwarded_connection_impl.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {

void end_error_stream(const std::shared_ptr<httpstream::Stream>& stream, std::string text) {
  if (!text.empty()) (void)stream->write(Buffer(std::move(text)));
  stream->on_end_sent([stream] { stream->reset(); });
  if (stream->close()) stream->reset();
}

// ---- the public face

ForwardedConnection::ForwardedConnection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ForwardedConnection::~ForwardedConnection() { impl_->dropped(); }
std::uint16_t ForwardedConnection::port() const { return impl_->port(); }
const std::string& ForwardedConnection::peer() const { return impl_->peer(); }

void ForwardedConnection::connect_to(std::unique_ptr<net::Transport> target) {
  impl_->connect_to(std::move(target));
}

std::shared_ptr<httpstream::Stream> ForwardedConnection::take_data_stream() {
  return impl_->take_data_stream();
}

void ForwardedConnection::fail(std::string_view message) { impl_->fail(message); }

void ForwardedConnection::on_gone(std::function<void()> handler) {
  impl_->on_gone(std::move(handler));
}

// ---- what it is made of

ForwardedConnection::Impl::Impl(StreamPtr error, StreamPtr data, Options options)
    : error_(std::move(error)), data_(std::move(data)), options_(std::move(options)) {}

void ForwardedConnection::Impl::begin() {
  const auto self = shared_from_this();
  data_->on_close([self](const Error&) { self->gone(); });
  // The client says nothing on it, and takes it away only when it gives up.
  error_->on_data([](Bytes) {});
  error_->on_close([self](const Error& error) { self->error_closed(error); });
}

void ForwardedConnection::Impl::on_gone(std::function<void()> handler) {
  if (answer_ == Answer::kNone) on_gone_ = std::move(handler);
}

void ForwardedConnection::Impl::connect_to(std::unique_ptr<net::Transport> target) {
  if (answer_ != Answer::kNone) return;
  answer_ = Answer::kRelay;
  on_gone_ = {};
  relay_ = httpstream::Relay::start(
      data_, std::move(target),
      [self = shared_from_this()](const Error& error) { self->relay_done(error); }, options_.relay);
}

void ForwardedConnection::Impl::relay_done(const Error& error) {
  relay_.reset();
  // A client that resets, or is lost, has given up its own end: nothing to tell of.
  if (error && error.code().category() != session::category()) {
    options_.log("forwarding " + options_.target + ": " + error.message());
  }
  data_over();
}

ForwardedConnection::Impl::StreamPtr ForwardedConnection::Impl::take_data_stream() {
  if (answer_ != Answer::kNone) return nullptr;
  answer_ = Answer::kByHand;
  on_gone_ = {};
  data_->on_close({});
  return data_;
}

void ForwardedConnection::Impl::fail(std::string_view message) {
  if (answer_ != Answer::kNone) return;
  answer_ = Answer::kFailed;
  on_gone_ = {};
  data_->on_close({});
  data_->reset();
  std::string text = "error forwarding " + options_.target + ": " + std::string(message);
  options_.log(text);
  data_over(std::move(text));
}

void ForwardedConnection::Impl::dropped() {
  if (answer_ == Answer::kNone) return fail("the server has not connected it");
  if (answer_ != Answer::kByHand || data_over_) return;
  data_->reset();  // unless it is over
  data_over();
}

void ForwardedConnection::Impl::reset() {
  if (relay_) return relay_->reset();
  data_->reset();
}

// The client has left before it got an answer.
void ForwardedConnection::Impl::gone() {
  if (answer_ != Answer::kNone) return;
  answer_ = Answer::kGone;
  data_->on_close({});
  data_->reset();
  data_over();
  if (const auto handler = std::exchange(on_gone_, {})) handler();
}

void ForwardedConnection::Impl::data_over(std::string text) {
  data_over_ = true;
  if (!error_->is_closed()) return end_error_stream(error_, std::move(text));
  check_over();
}

void ForwardedConnection::Impl::error_closed(const Error&) {
  if (answer_ == Answer::kNone) return gone();
  if (data_over_) return check_over();
  // What came before the data stream was over as well is still passed on. Else the client has given
  // up a connection that goes on.
  const auto stats = data_->stats();
  if (relay_ && (!stats || stats->state == session::StreamState::kClosed)) return;
  reset();
}

void ForwardedConnection::Impl::check_over() {
  const auto self = shared_from_this();
  options_.log = [](const std::string&) {};  // it holds the session, and a Runtime may hold us
  if (const auto over = std::exchange(options_.on_over, {})) over(self);
}

}  // namespace uvspdy::kube
