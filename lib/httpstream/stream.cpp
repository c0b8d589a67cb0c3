#include "uvspdy/httpstream/stream.h"

#include <string>
#include <utility>

#include "httpstream/stream_core.h"

namespace uvspdy::httpstream {
namespace {

Error no_stream(const std::string& half) {
  return Error(session::Errc::kStreamClosed, "this " + half + " is of no stream");
}

}  // namespace

// ---- the reader

StreamReader::StreamReader() = default;
StreamReader::StreamReader(detail::Counted<StreamCore> core) : core_(std::move(core)) {}
StreamReader::StreamReader(StreamReader&& other) noexcept = default;

StreamReader& StreamReader::operator=(StreamReader&& other) noexcept {
  // The old reader is destroyed last: objects in its handlers may call anything.
  const StreamReader old(std::move(*this));
  core_ = std::move(other.core_);
  return *this;
}

StreamReader::~StreamReader() {
  if (const auto core = std::move(core_)) core->reader_dropped();
}

void StreamReader::on_data(DataHandler handler) {
  if (core_) core_->on_data(std::move(handler));
}
void StreamReader::on_end(EndHandler handler) {
  if (core_) core_->on_end(std::move(handler));
}
HalfState StreamReader::state() const { return core_ ? core_->received() : HalfState::kBroken; }
Error StreamReader::error() const { return core_ ? core_->receive_error() : no_stream("reader"); }
void StreamReader::pause() {
  if (core_) core_->pause();
}
void StreamReader::resume() {
  if (core_) core_->resume();
}
void StreamReader::discard() {
  if (core_) core_->discard();
}
void StreamReader::set_overflow(session::OverflowPolicy policy) {
  if (core_) core_->set_overflow(policy);
}

// ---- the writer

StreamWriter::StreamWriter() = default;
StreamWriter::StreamWriter(detail::Counted<StreamCore> core) : core_(std::move(core)) {}
StreamWriter::StreamWriter(StreamWriter&& other) noexcept = default;

StreamWriter& StreamWriter::operator=(StreamWriter&& other) noexcept {
  const StreamWriter old(std::move(*this));
  core_ = std::move(other.core_);
  return *this;
}

StreamWriter::~StreamWriter() {
  if (const auto core = std::move(core_)) core->writer_dropped();
}

Error StreamWriter::write(Buffer buffer) {
  return core_ ? core_->write(std::move(buffer)) : no_stream("writer");
}
Error StreamWriter::send_headers(Headers headers) {
  return core_ ? core_->send_headers(std::move(headers)) : no_stream("writer");
}
bool StreamWriter::writable() const { return core_ && core_->writable(); }
void StreamWriter::on_writable(WritableHandler handler) {
  if (core_) core_->on_writable(std::move(handler), false);
}
void StreamWriter::on_writable_change(WritableHandler handler) {
  if (core_) core_->on_writable(std::move(handler), true);
}
void StreamWriter::end() {
  if (core_) core_->end();
}
void StreamWriter::end_with_reset() {
  if (core_) core_->end_with_reset();
}
void StreamWriter::reset(wire::RstStatus status) {
  if (core_) core_->reset(status);
}
void StreamWriter::on_sent(SentHandler handler) {
  if (core_) core_->on_sent(std::move(handler));
}
HalfState StreamWriter::state() const { return core_ ? core_->sent() : HalfState::kBroken; }
Error StreamWriter::error() const { return core_ ? core_->send_error() : no_stream("writer"); }

// ---- both together

Stream::Stream(Private, detail::Counted<StreamCore> core)
    : core_(std::move(core)), reader_(core_->make_reader()), writer_(core_->make_writer()) {}

Stream::~Stream() = default;

const Headers& Stream::headers() const { return core_->headers(); }
std::uint32_t Stream::identifier() const { return core_->id(); }
void Stream::reset(wire::RstStatus status) { core_->reset(status); }
void Stream::on_headers(HeadersHandler handler) { core_->on_headers(std::move(handler)); }
void Stream::on_received(EndHandler handler) { core_->on_stream_received(std::move(handler)); }
void Stream::on_sent(SentHandler handler) { core_->on_stream_sent(std::move(handler)); }
void Stream::on_close(CloseHandler handler) { core_->on_close(std::move(handler)); }
bool Stream::is_closed() const { return core_->is_closed(); }
std::optional<session::StreamStats> Stream::stats() const { return core_->stats(); }

}  // namespace uvspdy::httpstream
