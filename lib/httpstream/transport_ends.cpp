#include "uvspdy/httpstream/transport_ends.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/contract.h"
#include "httpstream/peer_watch.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

using std::chrono::milliseconds;

// The most bytes in one write: so that progress of a slow peer is noticed before it has taken all.
constexpr std::size_t kMostAtOnce = 64 * 1024;

// The time between two looks whether the peer's side has everything: the first, and the longest.
constexpr milliseconds kFirstLook{2};
constexpr milliseconds kLongestLook{256};

// The longest time of a break, in flush timeouts: also a peer that takes a byte now and then is
// given up.
constexpr int kLongestBreak = 10;

PeerWatch::Time now() { return std::chrono::steady_clock::now(); }

/// The transport, and the state of its two directions. It is held by the ends, and by an abort that
/// is under way.
class TransportCore : public std::enable_shared_from_this<TransportCore> {
 public:
  TransportCore(std::unique_ptr<net::Transport> transport, milliseconds flush_timeout)
      : transport_(std::move(transport)),
        loop_(transport_->loop()),
        peer_(transport_->peer()),
        flush_timeout_(std::max(flush_timeout, milliseconds(0))) {}

  // ---- the source's

  void start_reading(Source::DataHandler on_data, Source::EndHandler on_end) {
    std::swap(on_data_, on_data);
    std::swap(on_end_, on_end);
    if (end_) return report_later();
    reading_ = Reading::kOpen;
    read_on();
    look_for_the_peer();
  }

  void pause() {
    paused_ = true;
    if (reading_ == Reading::kOpen) transport_->stop_reading();
    look_for_the_peer();
  }

  void resume() {
    paused_ = false;
    if (reading_ == Reading::kOpen) transport_->start_reading();
    look_for_the_peer();
    if (end_) report_later();
  }

  void discard() {
    const Source::DataHandler no_data = std::move(on_data_);
    const Source::EndHandler no_end = std::move(on_end_);
    if (nobody_reads()) return;
    reading_ = Reading::kDiscarding;
    if (over_) return give_up_transport({});
    read_on();
    look_for_the_peer();
    watch_the_peer();
  }

  // ---- the sink's

  void start_writing(Sink::RoomHandler on_room, Sink::OverHandler on_over) {
    std::swap(on_room_, on_room);
    std::swap(on_over_, on_over);
    look_for_the_peer();
    if (over_) report_later();
  }

  bool write(const Piece& piece) {
    if (writing_ != Writing::kOpen) return true;
    note_sent();
    std::size_t taken = 0;
    if (rest_.empty()) {
      const Bytes bytes = piece.bytes();
      const Result<std::size_t> count = transport_->try_write(std::span(&bytes, 1));
      if (!count) {
        end_writing(count.error());
        report_later();
        return true;
      }
      if (*count == piece.size()) return true;
      taken = *count;
    }
    rest_.push_back(piece.keep(taken));
    if (rest_.size() == 1) write_rest();
    return false;
  }

  void end() {
    if (writing_ != Writing::kOpen) return;
    writing_ = Writing::kEnding;
    if (rest_.empty()) shut_down();
    watch_the_peer();
  }

  void break_off(const Error& why) {
    if (writing_ != Writing::kOpen) return;
    writing_ = Writing::kBreaking;
    why_ = why;
    watch_the_peer();
    if (flush_timeout_ < milliseconds::max() / kLongestBreak) {
      break_timer_.emplace(loop_, [this] { break_is_late(); });
      break_timer_->start(kLongestBreak * flush_timeout_);
    }
    if (rest_.empty()) settle();
  }

  void sink_dropped() {
    const Sink::RoomHandler no_room = std::move(on_room_);
    const Sink::OverHandler no_over = std::move(on_over_);
    if (writing_ == Writing::kOver) return;
    transport_->abort({});
    give_up_transport(Error(std::error_code(UV_ECANCELED, net::uv_category()),
                            "the connection with " + peer_ + " was given up on this side"));
    if (on_end_) report_later();
  }

 private:
  enum class Reading { kNotStarted, kOpen, kDiscarding, kOver };
  enum class Writing { kOpen, kEnding, kBreaking, kOver };

  // ---- from the peer

  void read_on() {
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { read_ended(error); });
    if (!paused_ || reading_ == Reading::kDiscarding) transport_->start_reading();
  }

  void read(Bytes bytes) {
    has_read_ = true;
    if (reading_ == Reading::kOpen) on_data_(Piece(bytes));
  }

  void read_ended(const Error& error) {
    const auto keep = shared_from_this();
    if (error) {
      give_up_transport(error);
    } else {
      reading_ = Reading::kOver;
      end_ = over_.value_or(Error());
      over_ ? give_up_transport({}) : watch_the_peer();
      look_for_the_peer();
    }
    report();
  }

  // ---- to the peer

  void write_rest() {
    const Bytes all = rest_.front().bytes();
    const Bytes some = all.first(std::min(all.size(), kMostAtOnce));
    transport_->write(std::span(&some, 1),
                      [this](const Result<std::size_t>& count) { written(count); });
    watch_the_peer();
  }

  void written(const Result<std::size_t>& count) {
    const auto keep = shared_from_this();
    if (!count) {
      end_writing(count.error());
      return report();
    }
    Buffer sent;  // destroyed last: its owner may call anything
    if (*count < rest_.front().size()) {
      rest_.front().drop_prefix(*count);
    } else {
      sent = std::move(rest_.front());
      rest_.erase(rest_.begin());
    }
    if (!rest_.empty()) return write_rest();
    watch_the_peer();
    if (writing_ == Writing::kOpen) return on_room_();
    writing_ == Writing::kEnding ? shut_down() : settle();
  }

  void shut_down() {
    transport_->shutdown([this](const Error& error) {
      const auto keep = shared_from_this();
      if (over_) return;
      end_writing(error);
      report();
    });
  }

  // Reading goes on: bytes of a peer that takes no more may still be in the socket.
  void end_writing(const Error& how) {
    nobody_reads() ? give_up_transport(how) : writing_over(how);
  }

  // Waits until the peer has acknowledged everything, because a reset destroys bytes on their way.
  void settle() {
    const std::size_t left = transport_->unacknowledged();
    if (left == 0) return abort();
    if (left != std::exchange(unacknowledged_, left)) watch_the_peer();
    if (!look_again_) look_again_.emplace(loop_, [this] { settle(); });
    look_again_->start(next_look_);
    next_look_ = std::min(2 * next_look_, kLongestLook);
  }

  void abort() {
    stop_timers();
    transport_->abort([self = shared_from_this()] {
      self->give_up_transport(self->why_);
      self->report();
    });
  }

  // ---- the end

  bool nobody_reads() const {
    return reading_ == Reading::kDiscarding || reading_ == Reading::kOver;
  }

  // Whether only the peer, by taking the bytes left for it, can bring the end nearer.
  bool waits_for_the_peer() const {
    switch (writing_) {
      case Writing::kOpen: return nobody_reads() && !rest_.empty();
      case Writing::kEnding: return nobody_reads();
      case Writing::kBreaking: return true;
      case Writing::kOver: return false;
    }
    return false;
  }

  // To be called when waits_for_the_peer() changes, and when the peer has taken bytes: its time
  // begins anew.
  void watch_the_peer() {
    if (!waits_for_the_peer()) {
      if (flush_timer_) flush_timer_->stop();
      return;
    }
    if (!flush_timer_) flush_timer_.emplace(loop_, [this] { flush_is_late(); });
    flush_timer_->start(flush_timeout_);
  }

  void flush_is_late() {
    give_the_peer_up(Error(net::Errc::kTimeout, peer_ + " took nothing for " +
                                                    std::to_string(flush_timeout_.count()) +
                                                    " ms; what was left for it is lost"));
  }

  void break_is_late() {
    give_the_peer_up(
        Error(net::Errc::kTimeout, peer_ + " has not taken all that was left for it in " +
                                       std::to_string((kLongestBreak * flush_timeout_).count()) +
                                       " ms; the rest is lost"));
  }

  void give_the_peer_up(const Error& why) {
    const auto keep = shared_from_this();
    transport_->abort({});
    give_up_transport(why);
    report();
  }

  // ---- a peer that goes while nothing is read

  bool is_read() const {
    return reading_ == Reading::kDiscarding || (reading_ == Reading::kOpen && !paused_);
  }

  // To be called when is_read() may have changed.
  void look_for_the_peer() {
    if (!transport_) return;
    has_read_ = true;  // it will
    peer_watch_.set_reading(is_read(), now());
    set_look_timer();
  }

  void note_sent() {
    if (peer_watch_.due()) return;
    peer_watch_.note_sent(now());
    set_look_timer();
  }

  // The timer is not stopped early: a question that is not due any more by then is not asked.
  void set_look_timer() {
    const auto due = peer_watch_.due();
    if (!due || looking_) return;
    looking_ = true;
    if (!look_timer_) look_timer_.emplace(loop_, [this] { look(); });
    look_timer_->start(std::chrono::ceil<milliseconds>(*due - now()));
  }

  // If the peer is gone, the sink is over, and the bytes that the peer sent before are for the
  // source. A peer that has only fallen silent has no end that reading would find.
  void look() {
    const auto keep = shared_from_this();
    looking_ = false;
    const PeerWatch::Time present = now();
    if (!peer_watch_.is_due(present)) return set_look_timer();
    Error gone = peer_watch_.ask(*transport_, present);
    set_look_timer();
    // A peer that has only closed has an end in the socket for the reader.
    if (gone.code() == std::error_code(UV_EPIPE, net::uv_category())) gone = {};
    const bool again = std::exchange(gone_, static_cast<bool>(gone));
    if (!gone) return;
    if (writing_ == Writing::kBreaking) return abort();
    if (nobody_reads() || (again && is_read() && !std::exchange(has_read_, false))) {
      return give_the_peer_up(gone);
    }
    // A write in progress gets the error itself.
    if (!over_ && rest_.empty()) writing_over(gone);
    report();
  }

  void stop_timers() {
    flush_timer_.reset();
    break_timer_.reset();
    look_again_.reset();
    look_timer_.reset();
  }

  void writing_over(const Error& how) {
    const std::vector<Buffer> rest = std::move(rest_);  // destroyed last
    rest_.clear();
    writing_ = Writing::kOver;
    over_ = how;
    break_timer_.reset();
    watch_the_peer();
  }

  // Ends the directions that are not over with `how`.
  void give_up_transport(const Error& how) {
    stop_timers();
    const auto transport = std::move(transport_);
    if (transport) transport->close({});  // before the bytes that it may be writing are freed
    if (!end_) end_ = how;
    reading_ = Reading::kOver;
    if (!over_) writing_over(how);
  }

  // Calls each handler at most once. A handler may drop everything.
  void report() {
    const auto keep = shared_from_this();
    if (end_ && !paused_) {
      const Source::DataHandler no_data = std::move(on_data_);
      on_end_(*end_);
    }
    if (over_) {
      const Sink::RoomHandler no_room = std::move(on_room_);
      on_over_(*over_);
    }
  }

  // Never inside the call that causes the end.
  void report_later() {
    if (!later_) later_.emplace(loop_, [this] { report(); });
    later_->schedule();
  }

  std::unique_ptr<net::Transport> transport_;  // null once both directions are over
  uv_loop_t* loop_;
  std::string peer_;
  milliseconds flush_timeout_;

  Reading reading_ = Reading::kNotStarted;
  bool paused_ = false;
  std::optional<Error> end_;  // how the peer's direction has ended

  Writing writing_ = Writing::kOpen;
  std::vector<Buffer> rest_;  // the transport is writing the first one
  Error why_;                 // the error of break_off
  std::size_t unacknowledged_ = 0;
  milliseconds next_look_ = kFirstLook;
  std::optional<Error> over_;  // how our direction has ended

  PeerWatch peer_watch_;
  bool gone_ = false;      // at the last look the peer was gone
  bool has_read_ = false;  // since the last look

  std::optional<net::Timer> flush_timer_;
  std::optional<net::Timer> break_timer_;
  std::optional<net::Timer> look_again_;
  std::optional<net::Timer> look_timer_;
  bool looking_ = false;  // look_timer_ is set
  std::optional<net::Wakeup> later_;

  Source::DataHandler on_data_;
  Source::EndHandler on_end_;
  Sink::RoomHandler on_room_;
  Sink::OverHandler on_over_;
};

class TransportSource final : public Source {
 public:
  explicit TransportSource(std::shared_ptr<TransportCore> core) : core_(std::move(core)) {}
  ~TransportSource() override { core_->discard(); }
  TransportSource(const TransportSource&) = delete;
  TransportSource& operator=(const TransportSource&) = delete;

  void start(DataHandler on_data, EndHandler on_end) override {
    core_->start_reading(std::move(on_data), std::move(on_end));
  }
  void pause() override { core_->pause(); }
  void resume() override { core_->resume(); }
  void discard() override { core_->discard(); }

 private:
  std::shared_ptr<TransportCore> core_;
};

class TransportSink final : public Sink {
 public:
  explicit TransportSink(std::shared_ptr<TransportCore> core) : core_(std::move(core)) {}
  ~TransportSink() override { core_->sink_dropped(); }
  TransportSink(const TransportSink&) = delete;
  TransportSink& operator=(const TransportSink&) = delete;

  void start(RoomHandler on_room, OverHandler on_over) override {
    core_->start_writing(std::move(on_room), std::move(on_over));
  }
  bool write(Piece piece) override { return core_->write(piece); }
  void end() override { core_->end(); }
  void break_off(const Error& why) override { core_->break_off(why); }

 private:
  std::shared_ptr<TransportCore> core_;
};

}  // namespace

TransportEnds ends_of(std::unique_ptr<net::Transport> transport, TransportEndsOptions options) {
  if (!transport) contract_broken("ends_of: the transport is null");
  const auto core = std::make_shared<TransportCore>(std::move(transport), options.flush_timeout);
  return {std::make_unique<TransportSource>(core), std::make_unique<TransportSink>(core)};
}

}  // namespace uvspdy::httpstream
