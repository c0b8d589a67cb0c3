#include "uvspdy/session/session.h"

#include <exception>
#include <utility>

#include "session/session_impl.h"

namespace uvspdy::session {
namespace {

/// Surrounds a call of Impl: at the end, when the state is consistent, it frees dropped objects.
/// After a call that was left by an exception the state is not, and the session is over.
template <class Impl>
class Call {
 public:
  explicit Call(Impl& impl) : impl_(impl) {}
  ~Call() {
    if (std::uncaught_exceptions() > exceptions_) {
      impl_.abandon();
    } else {
      impl_.free_dropped();
    }
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Impl* operator->() const { return &impl_; }

 private:
  Impl& impl_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace

Session::Session(Role role, Options options, Handler& handler)
    : impl_(std::make_unique<Impl>(role, std::move(options), handler)) {}

// Destructors of the user's buffers may call the session, so they run while it still exists, and
// refuses everything. Nothing here needs memory.
Session::~Session() {
  impl_->abandon();
  impl_->free_abandoned();
}

std::size_t Session::receive(Bytes bytes, Time now) { return Call(*impl_)->receive(bytes, now); }
void Session::receive_end(const Error& reason) { Call(*impl_)->receive_end(reason); }
bool Session::wants_input() const { return impl_->wants_input(); }
bool Session::slows_peer(Time now) const { return impl_->slows_peer(now); }

std::span<const Bytes> Session::output() {
  Call(*impl_)->fill_output();
  return impl_->output();  // after destructors may have changed it
}

void Session::output_sent(std::size_t count, Time now) { Call(*impl_)->output_sent(count, now); }
bool Session::has_output() const { return impl_->has_output(); }

std::optional<Time> Session::deadline() const { return impl_->deadline(); }
void Session::advance(Time now) { Call(*impl_)->advance(now); }

Result<wire::StreamId> Session::create_stream(Headers headers, const CreateOptions& options,
                                              Time now) {
  return Call(*impl_)->create_stream(std::move(headers), options, now);
}

Error Session::reply(wire::StreamId id, Headers headers, bool fin) {
  return Call(*impl_)->reply(id, std::move(headers), fin);
}

Error Session::send_headers(wire::StreamId id, Headers headers, bool fin) {
  return Call(*impl_)->send_headers(id, std::move(headers), fin);
}

Error Session::write(wire::StreamId id, Buffer payload) {
  return Call(*impl_)->write(id, std::move(payload));
}

bool Session::writable(wire::StreamId id) const { return impl_->writable(id); }
void Session::end(wire::StreamId id) { Call(*impl_)->end(id); }
void Session::end_with_reset(wire::StreamId id) { Call(*impl_)->end_with_reset(id); }

void Session::reset(wire::StreamId id, wire::RstStatus status) { Call(*impl_)->reset(id, status); }

void Session::pause(wire::StreamId id) { Call(*impl_)->pause(id); }
void Session::resume(wire::StreamId id) { Call(*impl_)->resume(id); }
void Session::hold(wire::StreamId id) { Call(*impl_)->hold(id); }
void Session::discard(wire::StreamId id) { Call(*impl_)->discard(id); }

void Session::set_overflow(wire::StreamId id, OverflowPolicy policy) {
  Call(*impl_)->set_overflow(id, policy);
}

std::optional<StreamStats> Session::stream_stats(wire::StreamId id) const {
  return impl_->stream_stats(id);
}

void Session::keep_on_close(wire::StreamId id) { Call(*impl_)->keep_on_close(id); }

Result<std::uint32_t> Session::ping(Time now) { return Call(*impl_)->ping(now); }

Error Session::send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear) {
  return Call(*impl_)->send_settings(std::move(entries), clear);
}

void Session::shutdown(Time now) { Call(*impl_)->shutdown(now); }
void Session::close(wire::GoAwayStatus status) { Call(*impl_)->close(status); }
void Session::abort(const Error& reason) { Call(*impl_)->abort(reason); }
bool Session::finished() const { return impl_->finished(); }
bool Session::is_open() const { return impl_->is_open(); }
const Error& Session::error() const { return impl_->error(); }
std::size_t Session::stream_count() const { return impl_->stream_count(); }
bool Session::peer_gone_away() const { return impl_->peer_gone_away(); }

void Session::set_idle_timeout(std::chrono::milliseconds timeout, Time now) {
  Call(*impl_)->set_idle_timeout(timeout, now);
}

void Session::on_trace(TraceHandler handler) { Call(*impl_)->on_trace(std::move(handler)); }

Stats Session::stats() const { return impl_->stats(); }
std::size_t Session::queued_bytes() const { return impl_->queued_bytes(); }
std::uint64_t Session::bytes_sent() const { return impl_->bytes_sent(); }

}  // namespace uvspdy::session
