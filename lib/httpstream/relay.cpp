#include "uvspdy/httpstream/relay.h"

#include <optional>
#include <string>
#include <utility>

#include "core/contract.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/httpstream/transport_ends.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/session/error.h"

namespace uvspdy::httpstream {

/// Holds itself until both pumps are over.
class UVSPDY_LOCAL Relay::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Stream> stream, const net::Transport& transport, DoneHandler done,
       const RelayOptions& options)
      : stream_(std::move(stream)),
        loop_(transport.loop()),
        peer_(transport.peer()),
        done_(std::move(done)),
        reset_behind_end_is_end_(options.reset_behind_end_is_end) {}

  void start(std::unique_ptr<net::Transport> transport, RelayOptions options);

  /// For a stream of which somebody has taken a half: it cannot be joined.
  void break_off_at_start(net::Transport& transport) {
    transport.abort({});
    over_with(Error(session::Errc::kStreamClosed,
                    "no relay to " + peer_ + ": a half of the stream was taken before"));
  }

  void end_with_stream() {
    ends_with_stream_ = true;
    if (stream_ended_) reset_ended_stream();
  }

  void break_off_stream(const Error& why) {
    if (to_stream_) to_stream_->break_off(why);
  }

  void break_off(const Error& why) {
    if (!broken_) broken_ = why;
    break_off_stream(why);
  }

  std::uint64_t received_bytes() const { return received_bytes_; }

  bool waits_for_stream() const {
    return to_transport_ && !to_transport_->source_is_over() && !to_transport_->is_blocked();
  }

  void reset() {
    if (!self_ || over_later_) return;
    stream_->reset();
    if (const auto pump = std::move(to_stream_)) pump->give_up();
    if (const auto pump = std::move(to_transport_)) pump->give_up();
    over_with(
        Error(session::Errc::kResetHere, "the relay to " + peer_ + " was reset on this side"));
  }

 private:
  class StreamSource;

  /// Returns the end to pass on to the transport when the peer's direction has ended with `how`.
  Error stream_over(const Error& how) {
    if (broken_) return broken_;
    if (how) return to_stream_ended_ && is_peers_reset(how) ? Error() : how;
    stream_ended_ = true;
    if (ends_with_stream_) reset_ended_stream();
    return {};
  }

  bool is_peers_reset(const Error& how) const {
    return reset_behind_end_is_end_ && how.code() == session::Errc::kStreamReset;
  }

  // The peer's direction has ended in order, and ends the other one.
  void reset_ended_stream() {
    if (to_stream_) stream_->reset();
  }

  void to_stream_over(const Error& error) {
    to_stream_.reset();
    to_stream_ended_ = !error;
    const bool ended_here =
        ends_with_stream_ && stream_ended_ && error.code() == session::Errc::kResetHere;
    if (!ended_here) to_stream_error_ = error;
    if (!to_transport_) over();
  }

  void to_transport_over(const Error& error) {
    to_transport_.reset();
    to_transport_error_ = error;
    if (!to_stream_) over();
  }

  // Ends in the loop's next turn.
  void over_with(const Error& why) {
    to_transport_error_ = why;
    over_later_.emplace(loop_, [this] { over(); });
    over_later_->schedule();
  }

  void over() {
    const auto keep = std::move(self_);
    const auto stream = std::move(stream_);
    stream->reset();  // if the transport took no more, the peer does not know it yet
    done_(to_transport_error_ ? to_transport_error_ : to_stream_error_);
  }

  std::shared_ptr<Impl> self_;
  std::shared_ptr<Stream> stream_;
  uv_loop_t* loop_;
  std::string peer_;
  DoneHandler done_;
  bool reset_behind_end_is_end_;
  std::shared_ptr<Pump> to_stream_;     // until it is over
  std::shared_ptr<Pump> to_transport_;  // likewise
  std::uint64_t received_bytes_ = 0;
  bool ends_with_stream_ = false;
  bool stream_ended_ = false;     // the peer's direction, in order
  bool to_stream_ended_ = false;  // ours, in order
  Error broken_;                  // by break_off
  Error to_stream_error_;
  Error to_transport_error_;  // reported first, because it is closer to the cause
  std::optional<net::Wakeup> over_later_;
};

/// The stream's reader, with its end replaced by the relay's `stream_over`.
class UVSPDY_LOCAL Relay::Impl::StreamSource final : public Source {
 public:
  StreamSource(StreamReader reader, Impl& relay)
      : reader_(source_of(std::move(reader))), relay_(relay) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    reader_->start(
        [relay = &relay_, on_data = std::move(on_data)](Piece piece) {
          relay->received_bytes_ += piece.size();
          on_data(std::move(piece));
        },
        [relay = &relay_, on_end = std::move(on_end)](const Error& how) mutable {
          on_end(relay->stream_over(how));
        });
  }
  void pause() override { reader_->pause(); }
  void resume() override { reader_->resume(); }
  void discard() override { reader_->discard(); }

 private:
  std::unique_ptr<Source> reader_;
  Impl& relay_;
};

void Relay::Impl::start(std::unique_ptr<net::Transport> transport, RelayOptions options) {
  self_ = shared_from_this();
  if (!stream_->reader() || !stream_->writer()) return break_off_at_start(*transport);
  TransportEnds ends = ends_of(std::move(transport), {.flush_timeout = options.flush_timeout});
  to_stream_ =
      Pump::start(std::move(ends.source), sink_of(stream_->take_writer(), std::move(options.pool)),
                  [this](const Error& error) { to_stream_over(error); });
  to_transport_ =
      Pump::start(std::make_unique<StreamSource>(stream_->take_reader(), *this),
                  std::move(ends.sink), [this](const Error& error) { to_transport_over(error); });
}

std::shared_ptr<Relay> Relay::start(std::shared_ptr<Stream> stream,
                                    std::unique_ptr<net::Transport> transport, DoneHandler done,
                                    RelayOptions options) {
  if (!stream || !transport) {
    contract_broken(std::string("Relay::start: the ") + (stream ? "transport" : "stream") +
                    " is null");
  }
  auto impl = std::make_shared<Impl>(std::move(stream), *transport, std::move(done), options);
  impl->start(std::move(transport), std::move(options));
  return std::make_shared<Relay>(Private{}, std::move(impl));
}

Relay::Relay(Private, std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Relay::~Relay() = default;

void Relay::end_with_stream() { impl_->end_with_stream(); }
void Relay::break_off_stream(const Error& why) { impl_->break_off_stream(why); }
void Relay::break_off(const Error& why) { impl_->break_off(why); }
void Relay::reset() { impl_->reset(); }
std::uint64_t Relay::received_bytes() const { return impl_->received_bytes(); }
bool Relay::waits_for_stream() const { return impl_->waits_for_stream(); }

}  // namespace uvspdy::httpstream
