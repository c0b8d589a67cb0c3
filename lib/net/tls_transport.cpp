#include "net/tls_transport.h"

#include <optional>
#include <utility>
#include <vector>

#include "net/scratch.h"
#include "net/tls_failure.h"
#include "net/tls_writer.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {
namespace {

// Output that the peer makes us produce (answers to KeyUpdate) and does not read: when there is
// more, we stop reading from the peer.
constexpr std::size_t kBacklogLimit = 64 * 1024;

}  // namespace

/// Outlives the transport if a handler that is running destroys that.
class TlsTransport::State final : public TlsLinkUser, public std::enable_shared_from_this<State> {
 public:
  explicit State(std::unique_ptr<TlsLink> of) : link(std::move(of)) {
    link->set_user(this);
    wakeup_.emplace(link->lower().loop(), [this] { wake_up(); });
  }

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) {
    if (ended_) return;
    // The old handlers, and the objects they own, are destroyed with the arguments, after all this.
    std::swap(on_read_, on_read);
    std::swap(on_end_, on_end);
  }

  void start_reading() {
    reading_ = true;
    // Input that has already arrived must not be delivered inside this call.
    if (link->has_input() || link->lower_ended() || write_failure_) {
      wakeup_->schedule();
    } else {
      link->set_reading(!ended_ && !held_up_);
    }
  }

  void stop_reading() {
    reading_ = false;
    link->set_reading(false);
  }

  Result<std::size_t> try_write(std::span<const Bytes> spans) {
    if (Error error = why_no_writing()) return error;
    Result<std::size_t> written = encrypt(*link, spans);
    // The end of the lower transport reports its own failure.
    if (!written && !link->write_error()) {
      write_failure_ = written.error();
      broken_ = true;
      wakeup_->schedule();
    }
    return written;
  }

  void write(std::span<const Bytes> spans, WriteHandler handler) {
    spans_.assign(spans.begin(), spans.end());
    on_written_ = std::move(handler);
    writing_ = true;
    if (!link->is_stuck()) wakeup_->schedule();
  }

  void shutdown(DoneHandler handler) {
    if (std::exchange(shutdown_asked_, true)) {
      later(
          [handler = std::move(handler)]() mutable { handler(uv_error(UV_EALREADY, "shutdown")); });
      return;
    }
    on_shutdown_ = std::move(handler);
    if (!writing_) say_goodbye();
  }

  Error check_peer() const { return link->lower().check_peer(); }

  enum class Ending { kClose, kAbort };

  void close(Ending how, CloseHandler handler) {
    closed_ = true;
    writing_ = false;
    wakeup_.reset();
    on_closed_ = std::move(handler);
    // The lower transport calls back only while it lives, and this transport may be destroyed at
    // once. Handlers are freed then, too, so no user's code runs inside the call that closes.
    self_ = shared_from_this();
    const auto closed = [this] {
      const auto keep = std::exchange(self_, nullptr);
      on_closed_();
    };
    how == Ending::kAbort ? link->lower().abort(closed) : link->lower().close(closed);
  }

  const std::unique_ptr<TlsLink> link;

 private:
  // ---- TlsLinkUser

  void on_input() override { deliver(); }
  void on_lower_end() override { deliver(); }

  void on_drained() override {
    const auto keep = shared_from_this();
    if (held_up_) {
      held_up_ = false;
      wakeup_->schedule();
    }
    continue_write();
    if (closed_) return;
    if (!writing_ && !link->is_stuck()) link->trim();
    if (goodbye_ == Goodbye::kOnItsWay && !link->is_stuck()) end_lower();
  }

  void wake_up() {
    const auto keep = shared_from_this();
    // Each call may close the transport.
    auto due = std::exchange(later_, {});
    for (auto& next : due) {
      if (!closed_) next();
    }
    if (!closed_ && !link->is_stuck()) continue_write();
    if (!closed_) deliver();
  }

  // ---- reading

  // Decrypts and delivers input as long as it is wanted. Only from the loop.
  void deliver() {
    const auto keep = shared_from_this();
    const Scratch scratch;
    while (reading_ && !ended_) {
      if (link->backlog() > kBacklogLimit) {
        held_up_ = true;
        break;
      }
      clear_openssl_errors();
      std::size_t count = 0;
      const int result = SSL_read_ex(link->ssl(), scratch.memory().data(), Scratch::kSize, &count);
      if (result == 1) {
        on_read_(scratch.memory().first(count));
        if (closed_) return;
        continue;
      }
      const int reason = SSL_get_error(link->ssl(), result);
      if (reason == SSL_ERROR_WANT_READ) {
        if (write_failure_) return end(write_failure_);
        if (!link->lower_ended()) break;
        return end(link->lower_end()
                       ? link->lower_end()
                       : Error(Errc::kTruncated, "the connection to " + link->facts().who +
                                                     " ended without TLS's close_notify; what "
                                                     "came may be cut short"));
      }
      if (reason == SSL_ERROR_ZERO_RETURN) return end({});
      broken_ = true;
      return end(connection_failure(link->facts(), take_openssl_error()));
    }
    link->keep_input();
    link->flush();
    link->set_reading(reading_ && !ended_ && !held_up_ && !link->has_input());
  }

  void end(const Error& error) {
    ended_ = true;
    link->drop_input();
    link->flush();  // sends the alert with the reason
    link->set_reading(false);
    const ReadHandler not_called_any_more = std::move(on_read_);
    on_end_(error);
  }

  // ---- writing

  Error why_no_writing() const {
    if (link->write_error()) return link->write_error();
    if (write_failure_) return write_failure_;
    if (goodbye_ != Goodbye::kNo) return uv_error(UV_EPIPE, "write behind shutdown");
    return {};
  }

  void continue_write() {
    if (!writing_) return;
    const Result<std::size_t> step = try_write(spans_);
    if (step) {
      written_ += *step;
      if (!spans_.empty() && *step < spans_.front().size()) {
        // The whole first span is written, in several steps if need be.
        spans_.front() = spans_.front().subspan(*step);
        return;
      }
    }
    const std::size_t written = std::exchange(written_, 0);
    spans_.clear();
    writing_ = false;
    WriteHandler handler = std::move(on_written_);
    if (shutdown_asked_ && goodbye_ == Goodbye::kNo) say_goodbye();
    handler(step ? Result<std::size_t>(written) : step.error());
  }

  void say_goodbye() {
    goodbye_ = Goodbye::kOnItsWay;
    // An SSL that has failed has already sent an alert.
    if (!broken_ && !link->write_error()) {
      clear_openssl_errors();
      SSL_shutdown(link->ssl());
      clear_openssl_errors();
      link->flush();
    }
    if (!link->is_stuck()) end_lower();
  }

  void end_lower() {
    goodbye_ = Goodbye::kSaid;
    if (link->write_error()) {
      return later([this] { on_shutdown_(link->write_error()); });
    }
    link->lower().shutdown([this](const Error& error) { on_shutdown_(error); });
  }

  void later(OnceCallback<void()> call) {
    later_.push_back(std::move(call));
    wakeup_->schedule();
  }

  std::optional<Wakeup> wakeup_;  // until closed
  bool closed_ = false;
  bool reading_ = false;
  bool ended_ = false;
  bool held_up_ = false;  // not reading until the peer takes our own output
  bool broken_ = false;
  Error write_failure_;  // of OpenSSL, which sends nothing more: the reader waits in vain
  ReadHandler on_read_;
  EndHandler on_end_;
  std::vector<Bytes> spans_;  // of the write under way
  std::size_t written_ = 0;
  bool writing_ = false;
  WriteHandler on_written_;
  bool shutdown_asked_ = false;
  // Our close_notify, then the lower transport's shutdown.
  enum class Goodbye { kNo, kOnItsWay, kSaid };
  Goodbye goodbye_ = Goodbye::kNo;
  DoneHandler on_shutdown_;
  std::vector<OnceCallback<void()>> later_;
  CloseHandler on_closed_;
  std::shared_ptr<State> self_;  // from close until the transport below has closed
};

TlsTransport::TlsTransport(std::unique_ptr<TlsLink> link, TlsInfo info)
    : loop_(link->lower().loop()),
      thread_(loop_),
      peer_(link->lower().peer()),
      info_(std::move(info)),
      state_(std::make_shared<State>(std::move(link))) {}

TlsTransport::~TlsTransport() { close({}); }

void TlsTransport::set_read_handlers(ReadHandler on_read, EndHandler on_end) {
  check_thread();
  if (state_) state_->set_read_handlers(std::move(on_read), std::move(on_end));
}

void TlsTransport::start_reading() {
  check_thread();
  if (state_) state_->start_reading();
}

void TlsTransport::stop_reading() {
  check_thread();
  if (state_) state_->stop_reading();
}

Result<std::size_t> TlsTransport::try_write(std::span<const Bytes> spans) {
  check_thread();
  if (!state_) return uv_error(UV_ECANCELED, "write");
  return state_->try_write(spans);
}

void TlsTransport::write(std::span<const Bytes> spans, WriteHandler handler) {
  check_thread();
  if (state_) state_->write(spans, std::move(handler));
}

void TlsTransport::shutdown(DoneHandler handler) {
  check_thread();
  if (state_) state_->shutdown(std::move(handler));
}

std::size_t TlsTransport::unacknowledged() const {
  check_thread();
  return state_ ? state_->link->backlog() + state_->link->lower().unacknowledged() : 0;
}

void TlsTransport::close(CloseHandler handler) {
  if (!state_) return;
  check_thread();
  std::exchange(state_, nullptr)->close(State::Ending::kClose, std::move(handler));
}

void TlsTransport::abort(CloseHandler handler) {
  if (!state_) return;
  check_thread();
  std::exchange(state_, nullptr)->close(State::Ending::kAbort, std::move(handler));
}

Error TlsTransport::check_peer() const {
  check_thread();
  return state_ ? state_->check_peer() : uv_error(UV_ECANCELED, "check the peer");
}

}  // namespace uvspdy::net
