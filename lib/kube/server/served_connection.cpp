#include "kube/server/served_connection.h"

#include <utility>

#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/session/error.h"

namespace uvspdy::kube {
namespace {

// If the text cannot be written, the stream is over and reports that itself.
void end_with(httpstream::Stream& stream, std::string text) {
  if (text.empty() || !stream.write(Buffer(std::move(text)))) stream.close();
}

}  // namespace

void end_error_stream(const std::shared_ptr<httpstream::Stream>& stream, std::string text) {
  stream->on_sent([stream](const Error&) { stream->reset(); });
  end_with(*stream, std::move(text));
}

/// The ForwardedConnection that a Runtime holds.
class ServedConnection::Answer final : public ForwardedConnection {
 public:
  explicit Answer(std::shared_ptr<ServedConnection> served) : served_(std::move(served)) {}
  ~Answer() override { served_->answer_dropped(); }

  std::uint16_t port() const override { return served_->options_.port; }
  std::string peer() const override { return served_->options_.peer; }
  void connect_to(std::unique_ptr<net::Transport> target) override {
    served_->connect_to(std::move(target));
  }
  std::shared_ptr<httpstream::Stream> take_data_stream() override {
    return served_->take_data_stream();
  }
  void fail(std::string_view message) override { served_->fail(message); }
  void on_gone(OnceCallback<void()> handler) override { served_->on_gone(std::move(handler)); }

 private:
  std::shared_ptr<ServedConnection> served_;
};

ServedConnection::ServedConnection(StreamPtr error, StreamPtr data, Options options)
    : error_(std::move(error)), data_(std::move(data)), options_(std::move(options)) {}

std::shared_ptr<ForwardedConnection> ServedConnection::begin() {
  const auto self = shared_from_this();
  // This side has not ended its direction yet, so only the client can have.
  data_->on_sent([self](const Error&) { self->gone(); });
  // The client sends nothing on the error stream, and resets it only to give up.
  error_->reader().discard();
  error_->on_sent([self](const Error& how) { self->error_stream_over(how); });
  return std::make_shared<Answer>(self);
}

// ---- answers

void ServedConnection::on_gone(OnceCallback<void()> handler) {
  if (state_ != State::kWaiting && !gone_) return;
  std::swap(on_gone_, handler);
  if (!gone_ || !on_gone_) return;
  if (!tell_gone_) tell_gone_.emplace(options_.loop, [this] { on_gone_(); });
  tell_gone_->schedule();
}

void ServedConnection::connect_to(std::unique_ptr<net::Transport> target) {
  if (state_ != State::kWaiting) return;
  state_ = State::kRelayed;
  const OnceCallback<void()> not_called = std::move(on_gone_);
  options_.relay.reset_behind_end_is_end = !data_->headers().get(kHeaderResetIsBreak);
  relay_ = httpstream::Relay::start(
      std::move(data_), std::move(target),
      [self = shared_from_this()](const Error& error) { self->relay_over(error); },
      std::move(options_.relay));
}

ServedConnection::StreamPtr ServedConnection::take_data_stream() {
  if (state_ != State::kWaiting) return nullptr;
  state_ = State::kByHand;
  const OnceCallback<void()> not_called = std::move(on_gone_);
  data_->on_sent({});
  return data_;
}

void ServedConnection::fail(std::string_view message) {
  if (state_ != State::kWaiting) return;
  std::string text = "error forwarding " + options_.target + ": " + std::string(message);
  options_.log(text);
  const OnceCallback<void()> not_called = std::move(on_gone_);
  data_over(std::move(text));
}

void ServedConnection::answer_dropped() {
  if (state_ == State::kWaiting) return fail("the server has not connected it");
  if (state_ == State::kByHand) data_over({});
}

// ---- events

// The client has given up before an answer.
void ServedConnection::gone() {
  if (state_ != State::kWaiting) return;
  gone_ = true;
  data_over({});
  on_gone_();
}

void ServedConnection::relay_over(const Error& error) {
  relay_.reset();
  // A stream that the client has reset or lost is not logged: the client knows.
  if (error && error.code().category() != session::category()) {
    options_.log("forwarding " + options_.target + ": " + error.message());
  }
  data_over({});
}

// Ends the error stream, by which the server reports that the connection is over.
void ServedConnection::data_over(std::string text) {
  state_ = State::kEnding;
  if (const auto data = std::move(data_)) data->reset();
  error_stream_over_ ? over() : end_with(*error_, std::move(text));
}

void ServedConnection::error_stream_over(const Error& how) {
  error_stream_over_ = true;
  switch (state_) {
    case State::kWaiting: return gone();
    case State::kRelayed:
      // Bytes that the client sent before it gave up still reach the target.
      return relay_->break_off_stream(how);
    case State::kByHand: return data_->reset();
    case State::kEnding:
      error_->reset();  // a client may leave its own direction open
      return over();
    case State::kOver: return;
  }
}

void ServedConnection::reset() {
  if (relay_) relay_->reset();
  if (data_) data_->reset();
}

void ServedConnection::over() {
  state_ = State::kOver;
  // These handlers hold the owner, which must not live as long as a Runtime holds this object.
  const auto log = std::move(options_.log);
  options_.on_over(shared_from_this());
}

}  // namespace uvspdy::kube
