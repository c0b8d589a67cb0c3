#include "uvspdy/httpstream/relay.h"

#include <algorithm>
#include <span>
#include <utility>

#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

namespace uvspdy::httpstream {
namespace {

// Below it a read is copied into memory of its own size, so that a slow peer of the stream does not
// make us hold a block for each line.
constexpr std::size_t kWorthABlock = 16 * 1024;

Buffer owned(Bytes bytes, BufferPool* pool) {
  if (pool == nullptr || bytes.size() < kWorthABlock) return Buffer::copy_of(bytes);
  BufferPool::Block block = pool->take();
  if (block.bytes().size() < bytes.size()) return Buffer::copy_of(bytes);
  std::copy(bytes.begin(), bytes.end(), block.bytes().begin());
  return std::move(block).freeze(bytes.size());
}

}  // namespace

std::shared_ptr<Relay> Relay::start(std::shared_ptr<Stream> stream,
                                    std::unique_ptr<net::Transport> transport, DoneHandler done,
                                    RelayOptions options) {
  auto relay = std::make_shared<Relay>(Private{}, std::move(stream), std::move(transport),
                                       std::move(done), std::move(options));
  relay->begin();
  return relay;
}

Relay::Relay(Private, std::shared_ptr<Stream> stream, std::unique_ptr<net::Transport> transport,
             DoneHandler done, RelayOptions options)
    : stream_(std::move(stream)),
      transport_(std::move(transport)),
      done_(std::move(done)),
      options_(std::move(options)),
      loop_(transport_->loop()),
      peer_(transport_->peer()) {}

Relay::~Relay() = default;

void Relay::begin() {
  self_ = shared_from_this();
  if (stream_->is_closed()) {
    stream_closed_ = true;
    note(Error(session::Errc::kStreamClosed,
               "stream " + std::to_string(stream_->identifier()) + " had ended before"));
    finish_later_.emplace(loop_, [this] { finish(); });
    return finish_later_->schedule();
  }
  transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                [this](const Error& error) { read_ended(error); });
  const auto self = self_;
  stream_->on_end([self] { self->stream_ended(); });
  stream_->on_close([self](const Error& error) { self->stream_closed(error); });
  stream_->on_writable([self] {
    if (self->transport_ && self->stream_->writable()) self->transport_->start_reading();
  });
  stream_->on_end_sent([self] {
    self->end_sent_ = true;
    if (self->write_failed_) self->stream_->reset();
  });
  stream_->on_data([self](Bytes bytes) { self->stream_data(bytes); });
  stream_->resume();
  if (stream_->has_ended()) stream_ended();
  transport_->start_reading();
}

// ---- from the transport to the stream

void Relay::read(Bytes bytes) {
  // A stream that takes nothing has ended, and on_close is on its way.
  if (stream_->write(owned(bytes, options_.pool.get())) || !stream_->writable()) {
    transport_->stop_reading();
  }
}

void Relay::read_ended(const Error& error) {
  if (stream_closed_) return;
  read_ended_ = true;
  if (!error && !write_failed_) return (void)stream_->close();
  note(error);
  write_failed_ = true;
  give_up_transport();
  if (stream_->close_with_reset()) stream_->reset();
}

// ---- from the stream to the transport

void Relay::stream_data(Bytes bytes) {
  if (write_failed_) return;
  const Result<std::size_t> count = transport_->try_write(std::span(&bytes, 1));
  if (!count) return write_failed(count.error());
  if (*count == bytes.size()) return;
  rest_ = Buffer::copy_of(bytes.subspan(*count));
  stream_->pause();
  write_rest();
}

void Relay::write_rest() {
  start_flush_timer();
  const Bytes rest = rest_.bytes();
  transport_->write(std::span(&rest, 1),
                    [this](const Result<std::size_t>& result) { written(result); });
}

void Relay::written(const Result<std::size_t>& result) {
  const auto keep = shared_from_this();
  if (!result) return write_failed(result.error());
  (void)rest_.take_prefix(*result);
  if (!rest_.empty()) return write_rest();
  rest_ = {};
  flush_timer_->stop();
  stream_->resume();
  if (stream_ended_) shut_down();
  if (stream_closed_) finish_when_flushed();
}

// The peer takes nothing any more, but what it said before it went, a server's refusal perhaps,
// may still be waiting in the socket.
void Relay::write_failed(const Error& error) {
  note(error);
  write_failed_ = true;
  rest_ = {};
  if (flush_timer_) flush_timer_->stop();
  if (stream_closed_) return finish();
  stream_->resume();  // what comes is dropped
  if (!read_ended_) return;
  give_up_transport();
  if (end_sent_) stream_->reset();  // else behind the FIN
}

void Relay::stream_ended() {
  stream_ended_ = true;
  if (rest_.empty() && !write_failed_) shut_down();
  if (ends_with_stream_) stream_->reset();
}

void Relay::end_with_stream() {
  if (!self_ || std::exchange(ends_with_stream_, true)) return;
  if (stream_ended_) stream_->reset();
}

void Relay::shut_down() {
  transport_->shutdown([this](const Error& error) {
    const auto keep = shared_from_this();
    if (error) return write_failed(error);
    shut_down_ = true;
    if (stream_closed_) finish_when_flushed();
  });
}

// ---- the end

void Relay::reset() {
  if (!self_ || finish_later_) return;
  note(Error(session::Errc::kResetHere, "the relay to " + peer_ + " was reset on this side"));
  write_failed_ = true;
  give_up_transport();
  if (!stream_closed_) return stream_->reset();  // on_close follows
  finish_later_.emplace(loop_, [this] { finish(); });
  finish_later_->schedule();
}

void Relay::stream_closed(const Error& error) {
  stream_closed_ = true;
  // With the peer's end in hand, our own reset is only how the other direction ends.
  if (!ends_with_stream_ || !stream_ended_) note(error);
  if (!transport_ || write_failed_) return finish();
  transport_->stop_reading();
  finish_when_flushed();
}

// The stream is over: what it said is still written, as long as it is taken.
void Relay::finish_when_flushed() {
  if (rest_.empty() && (error_ || shut_down_)) return finish();
  stream_over_ = true;
  start_flush_timer();
}

void Relay::start_flush_timer() {
  if (!flush_timer_) flush_timer_.emplace(loop_, [this] { flush_is_late(); });
  flush_timer_->start(options_.flush_timeout);
}

// While the stream waits, paused, it does not tell that it is over: that is asked for. One that is
// not, or was not when this was asked last, gives the transport its time once more.
void Relay::flush_is_late() {
  const auto stats = stream_->stats();
  const bool over = !stats || stats->state == session::StreamState::kClosed;
  if (!std::exchange(stream_over_, over)) return flush_timer_->start(options_.flush_timeout);
  note(Error(net::Errc::kTimeout, peer_ + " took nothing for " +
                                      std::to_string(options_.flush_timeout.count()) +
                                      " ms; what was left for it is lost"));
  if (stream_closed_) return finish();
  write_failed_ = true;
  give_up_transport();  // on_close follows
}

void Relay::give_up_transport() {
  transport_.reset();
  rest_ = {};
  if (flush_timer_) flush_timer_->stop();
  stream_->resume();
}

void Relay::note(const Error& error) {
  if (!error_) error_ = error;
}

void Relay::finish() {
  const auto keep = std::move(self_);
  flush_timer_.reset();
  finish_later_.reset();
  transport_.reset();
  stream_.reset();
  const DoneHandler done = std::exchange(done_, {});
  if (done) done(error_);
}

}  // namespace uvspdy::httpstream
