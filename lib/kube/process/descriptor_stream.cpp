#include "kube/process/descriptor_stream.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

// A terminal gives 4 KiB a call, a pipe all that it has: after a shorter read there is no more.
constexpr std::size_t kShortRead = 2048;

// The stream's own pool: one block is read into while the one before is written.
constexpr std::size_t kOwnBlocks = 2;

Error system_error(const char* call) { return net::uv_error(uv_translate_sys_error(errno), call); }

}  // namespace

Result<std::shared_ptr<DescriptorStream>> DescriptorStream::open(uv_loop_t* loop,
                                                                 net::Descriptor fd,
                                                                 std::shared_ptr<BufferPool> pool) {
  if (!pool) pool = std::make_shared<BufferPool>(kBlockSize, kOwnBlocks);
  auto stream = std::make_shared<DescriptorStream>(Private{}, loop, std::move(fd), std::move(pool));
  stream->poll_ = net::Handle<uv_poll_t>::make();
  const int status = uv_poll_init(loop, stream->poll_.get(), stream->fd());
  if (status < 0) {
    stream->poll_.forget();
    return net::uv_error(status, "wait for a descriptor");
  }
  stream->poll_->data = stream.get();
  return stream;
}

DescriptorStream::DescriptorStream(Private, uv_loop_t* loop, net::Descriptor fd,
                                   std::shared_ptr<BufferPool> pool)
    : loop_(loop), pool_(std::move(pool)), fd_(std::move(fd)) {}

DescriptorStream::~DescriptorStream() = default;

void DescriptorStream::close_descriptor() {
  on_closing_();
  poll_.reset();
  fd_.reset();
}

void DescriptorStream::close(const Error& why) {
  if (!poll_) return;
  close_descriptor();
  if (!read_end_) read_end_ = why;
  if (reading_) turn_later();
  give_up_writing(why);
}

// ---- from the loop

// Polls for the events that are awaited now.
void DescriptorStream::watch() {
  if (!poll_) return;
  const int events = (reads() ? UV_READABLE : 0) | (queue_.empty() ? 0 : UV_WRITABLE);
  if (events == 0) {
    uv_poll_stop(poll_.get());
    return;
  }
  const int status =
      uv_poll_start(poll_.get(), events, [](uv_poll_t* poll, int error, int happened) noexcept {
        static_cast<DescriptorStream*>(poll->data)->ready(error, happened);
      });
  if (status < 0) close(net::uv_error(status, "wait for a descriptor"));
}

void DescriptorStream::ready(int status, int events) {
  const auto self = shared_from_this();
  if (status < 0) events = UV_READABLE | UV_WRITABLE;  // read and write get the error
  if ((events & UV_WRITABLE) != 0 && !queue_.empty()) write_queued();
  if ((events & UV_READABLE) != 0 && reads()) read();
  if (status < 0) watch();  // libuv has stopped
}

void DescriptorStream::turn_later() {
  if (!later_) later_.emplace(loop_, [this] { turn(); });
  later_->schedule();
}

void DescriptorStream::turn() {
  const auto self = shared_from_this();
  if (over_ && on_over_) tell_over();
  if (read_end_ && reading_) return tell_read_end();
  if (left_ && reads()) read();
}

// ---- reading

void DescriptorStream::start_reading(DataHandler on_data, EndHandler on_end) {
  on_data_ = std::move(on_data);
  on_end_ = std::move(on_end);
  resume();
}

void DescriptorStream::pause() {
  reading_ = false;
  watch();
}

void DescriptorStream::resume() {
  reading_ = true;
  watch();
  if (read_end_ || left_) turn_later();
}

void DescriptorStream::forget_reader() {
  reading_ = false;
  const DataHandler no_data = std::move(on_data_);
  const EndHandler no_end = std::move(on_end_);
  watch();
}

void DescriptorStream::end_behind(std::size_t at_most) {
  if (left_ || !poll_) return;
  left_ = at_most;
  if (at_most == 0) read_end_ = Error();
  watch();
  turn_later();  // an empty pipe causes no event
}

std::size_t DescriptorStream::unread() const {
  int count = 0;
  return poll_ && ioctl(fd(), FIONREAD, &count) == 0 ? static_cast<std::size_t>(count) : 0;
}

// Reads one block at most, so that a command that writes without end does not block the loop.
void DescriptorStream::read() {
  BufferPool::Block block = pool_->take();
  const std::size_t block_size = block.bytes().size();
  const MutableBytes memory = block.bytes().first(std::min(block_size, left_.value_or(block_size)));
  std::size_t size = 0;
  while (size < memory.size()) {
    const MutableBytes rest = memory.subspan(size);
    const ssize_t count = ::read(fd(), rest.data(), rest.size());
    if (count > 0) {
      size += static_cast<std::size_t>(count);
      if (!left_ && static_cast<std::size_t>(count) < kShortRead) break;
    } else if (count == 0 || errno == EIO) {
      // For a terminal that no process has open, EIO comes after the last byte, not before.
      read_end_ = Error();
      break;
    } else if (errno == EAGAIN) {
      if (left_) read_end_ = Error();
      break;
    } else if (errno != EINTR) {
      read_end_ = system_error("read");
      break;
    }
  }
  if (left_) {
    *left_ -= size;
    if (*left_ == 0 && !read_end_) read_end_ = Error();
  }
  if (read_end_) watch();
  if (size > 0 && on_data_) {
    // A few bytes are copied, so that they do not occupy a whole block.
    on_data_(httpstream::Piece(size < block_size / 4 ? Buffer::copy_of(Bytes(memory).first(size))
                                                     : std::move(block).freeze(size)));
  }
  if (!reading_) return;
  if (read_end_) return tell_read_end();
  if (left_) turn_later();
}

void DescriptorStream::tell_read_end() {
  const Error how = *std::exchange(read_end_, std::nullopt);
  reading_ = false;
  read_error_ = how;
  const DataHandler no_data = std::move(on_data_);
  EndHandler on_end = std::move(on_end_);
  close_descriptor();
  give_up_writing(how ? how : net::uv_error(UV_EPIPE, "write"));
  on_end(how);
}

// ---- writing

void DescriptorStream::start_writing(RoomHandler on_room, OverHandler on_over) {
  on_room_ = std::move(on_room);
  on_over_ = std::move(on_over);
  if (over_) turn_later();
}

bool DescriptorStream::write(const httpstream::Piece& piece) {
  if (writing_ != Writing::kOpen) return true;
  const std::size_t written = queue_.empty() ? write_some(piece.bytes()) : 0;
  if (writing_ != Writing::kOpen) return true;
  if (written < piece.size()) queue_.push_back(piece.keep(written, pool_.get()));
  if (queue_.empty()) return true;
  watch();
  return false;
}

// Returns how many bytes were written. An error ends the writing.
std::size_t DescriptorStream::write_some(Bytes bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const Bytes rest = bytes.subspan(written);
    const ssize_t count = ::write(fd(), rest.data(), rest.size());
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EAGAIN) {
      break;
    } else if (count == 0 || errno != EINTR) {
      give_up_writing(system_error("write"));
      break;
    }
  }
  return written;
}

void DescriptorStream::write_queued() {
  while (!queue_.empty()) {
    const std::size_t written = write_some(queue_.front().bytes());
    if (queue_.empty()) return;  // given up
    queue_.front().drop_prefix(written);
    if (!queue_.front().empty()) return;
    const Buffer done = std::move(queue_.front());  // freed last: its owner may call anything
    queue_.erase(queue_.begin());
  }
  watch();
  if (writing_ == Writing::kOpen) return on_room_();
  if (writing_ == Writing::kEnding) writing_is_over({});
}

void DescriptorStream::end_writing() {
  if (writing_ != Writing::kOpen) return;
  writing_ = Writing::kEnding;
  if (queue_.empty()) writing_is_over({});
}

void DescriptorStream::give_up_writing(const Error& why) {
  if (writing_ != Writing::kOver) writing_is_over(why);
}

void DescriptorStream::writing_is_over(const Error& how) {
  writing_ = Writing::kOver;
  over_ = how;
  const std::vector<Buffer> dropped = std::move(queue_);
  queue_.clear();
  watch();
  if (on_over_) turn_later();
}

void DescriptorStream::tell_over() {
  const Error how = *std::exchange(over_, std::nullopt);
  const RoomHandler no_room = std::move(on_room_);
  OverHandler on_over = std::move(on_over_);
  on_over(how);
}

void DescriptorStream::forget_writer() {
  writing_ = Writing::kOver;
  over_.reset();
  const RoomHandler no_room = std::move(on_room_);
  const OverHandler no_over = std::move(on_over_);
  const std::vector<Buffer> dropped = std::move(queue_);
  queue_.clear();
  watch();
}

}  // namespace uvspdy::kube
