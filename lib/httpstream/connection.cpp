#include "uvspdy/httpstream/connection.h"

#include <uv.h>

#include <algorithm>
#include <utility>

#include "core/contract.h"
#include "core/moment_after.h"
#include "httpstream/connection_impl.h"

namespace uvspdy::httpstream {
namespace {

// What one connection may do in a turn before the loop's others have theirs: writes of at most
// 256 KiB, and the handling of input for this long. The last 64 frames may take longer.
constexpr int kWritesPerTurn = 4;
constexpr std::chrono::microseconds kReadingPerTurn{100};

session::Time now() { return session::Time(std::chrono::nanoseconds(uv_hrtime())); }

// The shortest time between two looks whether the peer of a closing connection takes more.
constexpr std::chrono::milliseconds kLeastCloseWait{10};

// A timer for longer than this is set in steps.
constexpr std::chrono::hours kLongestTimer{24};

// The connections that a thread makes share the growth of their windows.
session::Options with_budget(session::Options options) {
  thread_local const auto budget = std::make_shared<session::WindowBudget>();
  if (!options.window_budget) options.window_budget = budget;
  return options;
}

std::size_t size_of(std::span<const Bytes> spans) {
  std::size_t size = 0;
  for (const Bytes span : spans) size += span.size();
  return size;
}

}  // namespace

// ---- the public face

std::shared_ptr<Connection> Connection::create(std::unique_ptr<net::Transport> transport,
                                               session::Role role, ConnectionOptions options,
                                               ConnectionStart start) {
  if (!transport) contract_broken("Connection::create: the transport is null");
  auto connection = std::make_shared<Connection>(Private{}, std::move(transport), role,
                                                 std::move(options), std::move(start));
  connection->impl_->start();
  return connection;
}

Connection::Connection(Private, std::unique_ptr<net::Transport> transport, session::Role role,
                       ConnectionOptions options, ConnectionStart start)
    : impl_(std::make_unique<Impl>(*this, std::move(transport), role, std::move(options),
                                   std::move(start))) {}

Connection::~Connection() = default;

void Connection::create_stream(Headers headers, CreateStreamHandler handler) {
  impl_->check_thread();
  impl_->create_stream(std::move(headers), {}, std::move(handler));
}

void Connection::create_stream(Headers headers, const session::CreateOptions& options,
                               CreateStreamHandler handler) {
  impl_->check_thread();
  impl_->create_stream(std::move(headers), options, std::move(handler));
}

void Connection::close() {
  impl_->check_thread();
  impl_->close();
}

void Connection::shutdown() {
  impl_->check_thread();
  impl_->shutdown();
}

void Connection::abort() {
  impl_->check_thread();
  impl_->abort();
}

void Connection::on_close(CloseHandler handler) {
  impl_->check_thread();
  impl_->set_on_close(std::move(handler));
}

void Connection::add_close_handler(CloseHandler handler) {
  impl_->check_thread();
  impl_->add_close_handler(std::move(handler));
}

bool Connection::is_closed() const {
  impl_->check_thread();
  return impl_->is_over();
}

void Connection::ping(PingHandler handler) {
  impl_->check_thread();
  impl_->ping(std::move(handler));
}

session::Stats Connection::stats() const {
  impl_->check_thread();
  return impl_->session().stats();
}

std::size_t Connection::unacknowledged() const {
  impl_->check_thread();
  return impl_->unacknowledged();
}

std::uint64_t Connection::acknowledged() const {
  impl_->check_thread();
  return impl_->acknowledged();
}

std::string Connection::peer() const { return impl_->peer; }
uv_loop_t* Connection::loop() const { return impl_->loop; }

void Connection::on_new_stream(NewStreamHandler handler) {
  impl_->check_thread();
  impl_->set_on_new_stream(std::move(handler));
}

void Connection::on_trace(session::TraceHandler handler) {
  impl_->check_thread();
  impl_->session().on_trace(std::move(handler));
}

void Connection::on_goaway(GoAwayHandler handler) {
  impl_->check_thread();
  impl_->set_on_goaway(std::move(handler));
}

void Connection::on_settings(SettingsHandler handler) {
  impl_->check_thread();
  impl_->set_on_settings(std::move(handler));
}

Error Connection::send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear) {
  impl_->check_thread();
  Error error = impl_->session().send_settings(std::move(entries), clear);
  if (!error) impl_->ask_for_turn();
  return error;
}

void Connection::set_idle_timeout(std::chrono::milliseconds timeout) {
  impl_->check_thread();
  impl_->session().set_idle_timeout(timeout, now());
  impl_->ask_for_turn();
}

void Connection::remove_streams(std::span<const std::shared_ptr<Stream>> streams) {
  impl_->check_thread();
  for (const auto& stream : streams) {
    if (stream && StreamCore::of(*stream).belongs_to(*this)) {
      impl_->session().keep_on_close(stream->identifier());
    }
  }
}

// ---- calls from outside

Connection::Impl::Impl(Connection& owner, std::unique_ptr<net::Transport> transport,
                       session::Role role, ConnectionOptions options, ConnectionStart start)
    : peer(transport->peer()),
      loop(transport->loop()),
      owner_(owner),
      thread_(loop),
      transport_(std::move(transport)),
      close_timeout_(options.close_timeout),
      slow_reader_timeout_(options.slow_reader_timeout),
      session_(role, with_budget(std::move(options.session)), *this),
      preface_(std::move(start.preface)),
      untaken_input_(std::move(start.already_read)),
      timer_(std::in_place, loop, [this] { resume(); }) {}

void Connection::Impl::start() {
  self_ = owner_.shared_from_this();
  transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                [this](const Error& error) { read_ended(error); });
  ask_for_turn();
}

void Connection::Impl::later(OnceCallback<void()> call) {
  if (phase_ == Phase::kOver) {
    // No further turn is due; this keeps the connection for one more.
    self_ = owner_.shared_from_this();
  }
  later_.push_back(std::move(call));
  ask_for_turn();
}

// The old handler is destroyed last: objects that it owns may call anything.
void Connection::Impl::set_on_close(CloseHandler handler) {
  if (phase_ == Phase::kOver) return report_closed_later(std::move(handler));
  std::swap(on_close_, handler);
}

void Connection::Impl::add_close_handler(CloseHandler handler) {
  if (phase_ == Phase::kOver) return report_closed_later(std::move(handler));
  close_handlers_.push_back(std::move(handler));
}

void Connection::Impl::report_closed_later(CloseHandler handler) {
  if (!handler) return;
  later([this, handler = std::move(handler)]() mutable { handler(close_error_); });
}

void Connection::Impl::set_on_new_stream(NewStreamHandler handler) {
  if (phase_ != Phase::kOver) std::swap(on_new_stream_, handler);
}

void Connection::Impl::set_on_goaway(GoAwayHandler handler) {
  if (phase_ == Phase::kOver && !peer_goaway_) return;
  std::swap(on_goaway_, handler);
  if (peer_goaway_ && on_goaway_) later([this] { on_goaway_(*peer_goaway_); });
}

void Connection::Impl::set_on_settings(SettingsHandler handler) {
  if (phase_ != Phase::kOver) std::swap(on_settings_, handler);
}

void Connection::Impl::create_stream(Headers headers, const session::CreateOptions& options,
                                     CreateStreamHandler handler) {
  const Result<wire::StreamId> id = session_.create_stream(headers, options, now());
  if (!id) {
    later([handler = std::move(handler), error = id.error()]() mutable { handler(error); });
    return;
  }
  creating_[*id] = {std::move(headers), std::move(handler), {}};
  // No SYN_REPLY comes for it: it is open, unless its end is reported first.
  if (options.unidirectional) return later([this, id = *id] { created(id); });
  session_.hold(*id);
  ask_for_turn();
}

void Connection::Impl::ping(PingHandler handler) {
  const Result<std::uint32_t> id = session_.ping(now());
  if (!id) {
    later([handler = std::move(handler), error = id.error()]() mutable { handler(error); });
    return;
  }
  pings_[*id] = std::move(handler);
  ask_for_turn();
}

void Connection::Impl::close() {
  if (phase_ >= Phase::kClosing) return abort();  // nothing can leave, so nothing is waited for
  closed_here_ = true;
  // A connection that has ended by itself releases its paused readers.
  session_.close(wire::GoAwayStatus::kOk);
  ask_for_turn();
}

void Connection::Impl::shutdown() {
  if (phase_ != Phase::kOpen) return;
  shutting_down_ = true;
  session_.shutdown(now());
  ask_for_turn();
}

void Connection::Impl::abort() {
  if (phase_ == Phase::kOver) return;
  closed_here_ = true;
  close_transport();
  // Also if the transport is gone already: paused readers are released.
  session_.abort(
      Error(session::Errc::kConnectionClosed, "the connection was aborted on this side"));
  ask_for_turn();
}

session::Session& Connection::Impl::session_for(wire::StreamId id) {
  thread_.check(
      [this, id] { return "stream " + std::to_string(id) + " of the Connection to " + peer; });
  return session_;
}

std::uint64_t Connection::Impl::acknowledged() const {
  const std::uint64_t sent = session_.bytes_sent();
  return sent - std::min<std::uint64_t>(sent, unacknowledged());
}

// ---- one turn

// What the loop's wakeup or timer begins is a new turn of the loop: the connection has its share of
// time again, and goes on with input that an earlier turn has left.
void Connection::Impl::resume() {
  thread_.called_back();
  const auto keep = owner_.shared_from_this();
  time_reading_ = {};
  receive_untaken();
  turn();
}

void Connection::Impl::turn() {
  thread_.called_back();
  const auto keep = owner_.shared_from_this();
  for (OnceCallback<void()>& call : std::exchange(later_, {})) call();
  session_.advance(now());
  check_peer();
  flush();
  move_on();
  arrange_next_turn();
  if (phase_ == Phase::kOver && later_.empty()) {
    wakeup_.reset();  // so that holders of the connection hold no handle of the loop
    self_.reset();
  }
}

void Connection::Impl::read(Bytes bytes) {
  const auto keep = owner_.shared_from_this();
  const session::Time begin = now();
  if (turn_of_loop_ != uv_now(loop)) time_reading_ = {};
  turn_of_loop_ = uv_now(loop);
  has_read_ = true;
  if (gone_ && close_deadline_) close_deadline_ = moment_after(begin, close_timeout_);
  if (untaken_input_.empty()) {
    const std::size_t taken = receive(bytes, begin);
    if (taken < bytes.size()) untaken_input_ = Buffer::copy_of(bytes.subspan(taken));
  } else {
    // It comes after the bytes that the session has left.
    std::vector<std::uint8_t> all(untaken_input_.bytes().begin(), untaken_input_.bytes().end());
    all.insert(all.end(), bytes.begin(), bytes.end());
    untaken_input_ = Buffer(std::move(all));
  }
  time_reading_ += now() - begin;
  turn();
}

// Returns how many bytes the session has taken: all, as far as its share of the turn allows.
std::size_t Connection::Impl::receive(Bytes bytes, session::Time begin) {
  session::Time present = begin;
  std::size_t taken = 0;
  do {
    const std::size_t count = session_.receive(bytes.subspan(taken), present);
    if (count == 0) break;
    taken += count;
    present = now();
  } while (taken < bytes.size() && takes_input() && present - begin < kReadingPerTurn);
  return taken;
}

// Whether the session takes more input. Readers that pause do not stop a connection that is ending;
// and from a transport that has ended, or whose peer is gone, little more can come.
bool Connection::Impl::takes_input() const {
  if (session_.slows_peer(now())) return false;
  return session_.wants_input() || !session_.is_open() || phase_ != Phase::kOpen || gone_ ||
         read_end_;
}

void Connection::Impl::receive_untaken() {
  if (!untaken_input_.empty()) {
    if (!takes_input()) return;
    const session::Time begin = now();
    if (gone_ && close_deadline_) close_deadline_ = moment_after(begin, close_timeout_);
    untaken_input_.drop_prefix(receive(untaken_input_.bytes(), begin));
    if (!untaken_input_.empty()) return;
    untaken_input_ = {};
  }
  if (const auto end = std::exchange(read_end_, std::nullopt)) input_ended(*end);
}

void Connection::Impl::read_ended(const Error& error) {
  const auto keep = owner_.shared_from_this();
  if (untaken_input_.empty()) {
    input_ended(error);
  } else {
    read_end_ = error;
  }
  turn();
}

void Connection::Impl::input_ended(const Error& error) {
  bool lost = error || write_error_;
  if (phase_ == Phase::kOpen && session_.is_open()) {
    // An end with no stream open, or after a GOAWAY, is in order, even if our own last frames came
    // too late for the peer.
    const bool orderly = session_.stream_count() == 0 || (!lost && session_.peer_gone_away());
    if (orderly) {
      close_error_ = {};
    } else if (!close_error_) {
      close_error_ = Error(session::Errc::kConnectionLost,
                           error ? "connection to " + peer + " lost: " + error.message()
                                 : "the peer " + peer + " closed the connection with streams open");
    }
    lost = lost || session_.stream_count() > 0;
    // A write in progress uses the session's output, so the session must not end during it.
    if (!lost && writing_) session_.close(wire::GoAwayStatus::kOk);
    if (!lost && !writing_) session_.receive_end({});
  }
  if (lost) {
    close_transport();
    // After a failed write, the read gives no reason any more.
    session_.receive_end(error ? error : write_error_);
  }
  // Otherwise the peer may still be reading: accepted bytes leave first.
  peer_ended_ = true;
}

void Connection::Impl::flush() {
  if (writing_ || write_error_ || phase_ > Phase::kDraining) return;
  for (int i = 0; i < kWritesPerTurn; ++i) {
    const Bytes preface = preface_.bytes();
    const std::span<const Bytes> spans =
        preface.empty() ? session_.output() : std::span(&preface, 1);
    if (spans.empty()) return;
    const std::size_t size = size_of(spans);
    const Result<std::size_t> written = transport_->try_write(spans);
    if (!written) return write_failed(written.error());
    sent(*written);
    if (*written == size) continue;

    writing_ = true;
    const Bytes rest = preface_.bytes();
    transport_->write(rest.empty() ? session_.output() : std::span(&rest, 1),
                      [this](Result<std::size_t> result) {
                        const auto keep = owner_.shared_from_this();
                        writing_ = false;
                        if (result) {
                          sent(*result);
                        } else {
                          write_failed(result.error());
                        }
                        turn();
                      });
    return;
  }
  ask_for_turn();
}

void Connection::Impl::sent(std::size_t count) {
  if (count == 0) return;
  peer_watch_.note_sent(now());
  if (close_deadline_) close_deadline_ = moment_after(now(), close_timeout_);
  if (!preface_.empty()) {
    preface_.drop_prefix(count);
  } else {
    session_.output_sent(count, now());
  }
}

// The peer takes no more, but bytes that it sent before, such as an exit status, may still be in
// the socket: they are read first.
void Connection::Impl::write_failed(const Error& error) {
  write_error_ = error;
  note_lost(error);
  close_deadline_ = moment_after(now(), close_timeout_);
  gone_ = peer_watch_.ask_at_once(*transport_, now());
}

void Connection::Impl::note_lost(const Error& why) {
  if (phase_ != Phase::kOpen || !session_.is_open()) return;
  close_error_ =
      Error(session::Errc::kConnectionLost, "connection to " + peer + " lost: " + why.message());
}

void Connection::Impl::lose(const Error& why) {
  note_lost(why);
  close_transport();
  session_.receive_end(why);
}

void Connection::Impl::move_on() {
  if (phase_ == Phase::kOpen) {
    if (session_.is_open() && session_.peer_gone_away() && session_.stream_count() == 0) {
      session_.close(wire::GoAwayStatus::kOk);
      ask_for_turn();  // to send that
    }
    if (!session_.is_open()) {
      phase_ = Phase::kDraining;
      if (!close_error_) close_error_ = session_.error();
      if (!close_error_ && shutting_down_) closed_here_ = true;
      close_deadline_ = moment_after(now(), close_timeout_);
      if (session_.error().code() == session::Errc::kPeerDead) {
        close_transport();  // no peer is left to wait for
        session_.receive_end(session_.error());
      }
    }
  }
  // After the peer's end no window is given any more.
  const bool all_sent = session_.finished() || (peer_ended_ && !session_.has_output());
  if (phase_ == Phase::kDraining && (write_error_ || (all_sent && !writing_))) {
    phase_ = Phase::kLingering;
    close_deadline_ = moment_after(now(), close_timeout_);
    if (!write_error_) {
      // By TLS, written bytes may still be in our own memory.
      transport_->shutdown([this](const Error&) {
        shut_down_ = true;
        turn();
      });
    }
  }
  if (phase_ == Phase::kLingering && peer_ended_ && (shut_down_ || write_error_)) {
    close_transport();
    session_.receive_end(write_error_);
  }
  if (phase_ < Phase::kClosing && close_deadline_ && *close_deadline_ <= now() &&
      !still_closing()) {
    const Error untaken(session::Errc::kConnectionLost, "the peer does not take the rest");
    lose(write_error_ ? write_error_ : gone_ ? gone_ : untaken);
  }
  if (phase_ == Phase::kClosed) drop_undecided_streams();
  if (phase_ == Phase::kClosed && session_.stream_count() == 0 && later_.empty()) finish();
}

// At the closing deadline: whether the peer may still take the bytes left for it.
bool Connection::Impl::still_closing() {
  if (write_error_ || gone_) return false;
  // In the kernel, and waiting for a window: a peer that gives none has a paused reader.
  const std::size_t untaken = unacknowledged() + session_.queued_bytes();
  if (untaken == 0) return false;
  const session::Time present = now();
  if (untaken != std::exchange(untaken_, untaken)) last_progress_ = present;
  close_deadline_ = moment_after(present, std::max(close_timeout_, kLeastCloseWait));
  return present < moment_after(last_progress_, slow_reader_timeout_);
}

// Without a transport no stream can be accepted.
void Connection::Impl::drop_undecided_streams() {
  for (const auto& [id, core] : streams_) {
    if (core->awaits_decision()) session_.reset(id, wire::RstStatus::kCancel);
  }
}

// While we do not read, the end of a peer that has gone does not arrive. Its last bytes are in the
// socket: they are read and buffered, even past the limits of readers, and the end after them. A
// peer that has only fallen silent has no end in the socket.
void Connection::Impl::check_peer() {
  const session::Time present = now();
  if (phase_ >= Phase::kClosing || !peer_watch_.is_due(present)) return;
  const bool known = static_cast<bool>(gone_);
  gone_ = peer_watch_.ask(*transport_, present);
  if (!untaken_input_.empty()) return;  // its last bytes come first
  if (known && gone_ && !std::exchange(has_read_, false)) lose(gone_);
}

void Connection::Impl::arrange_next_turn() {
  if (phase_ == Phase::kOver) return;
  if (phase_ < Phase::kClosing && !peer_ended_) {
    // Lingering discards what it reads, so no paused reader stops it.
    const bool wanted =
        untaken_input_.empty() && (session_.wants_input() || gone_ || phase_ == Phase::kLingering);
    const bool read = wanted && time_reading_ < kReadingPerTurn;
    if (wanted && !read) ask_for_turn();  // which has time again
    if (read != std::exchange(reading_, read)) {
      read ? transport_->start_reading() : transport_->stop_reading();
    }
    peer_watch_.set_reading(wanted, now());
  }
  if (!untaken_input_.empty() && takes_input()) ask_for_turn();
  std::optional<session::Time> deadline = session_.deadline();
  if (phase_ < Phase::kClosing && close_deadline_) {
    deadline = std::min(deadline.value_or(*close_deadline_), *close_deadline_);
  }
  if (const auto due = peer_watch_.due(); due && phase_ < Phase::kClosing) {
    deadline = std::min(deadline.value_or(*due), *due);
  }
  const session::Time present = now();
  if (!deadline) {
    timer_->stop();
  } else if (*deadline <= present) {
    timer_->stop();
    ask_for_turn();
  } else {
    // Rounded up: a timer that fires too early would have to be set again.
    timer_->start(std::chrono::ceil<std::chrono::milliseconds>(
        std::min<session::Time::duration>(*deadline - present, kLongestTimer)));
  }
}

void Connection::Impl::close_transport() {
  if (phase_ >= Phase::kClosing) return;
  phase_ = Phase::kClosing;
  writing_ = false;
  for (auto& [id, handler] : std::exchange(pings_, {})) {
    later([handler = std::move(handler), error = no_pong()]() mutable { handler(error); });
  }
  transport_->close([this] {
    phase_ = Phase::kClosed;
    turn();
  });
}

// The error that streams get.
Error Connection::Impl::no_pong() const {
  if (session_.error()) return session_.error();
  if (closed_here_) {
    return Error(session::Errc::kConnectionClosed, "the connection was closed on this side");
  }
  if (close_error_) return close_error_;
  return Error(session::Errc::kConnectionLost, "the connection ended before the PING was answered");
}

void Connection::Impl::finish() {
  phase_ = Phase::kOver;
  timer_.reset();
  transport_.reset();
  self_.reset();  // `turn` holds another pointer until it returns
  const NewStreamHandler no_new_stream = std::move(on_new_stream_);
  const GoAwayHandler no_goaway = std::move(on_goaway_);
  const SettingsHandler no_settings = std::move(on_settings_);
  for (CloseHandler& handler : std::exchange(close_handlers_, {})) handler(close_error_);
  on_close_(close_error_);
}

}  // namespace uvspdy::httpstream
