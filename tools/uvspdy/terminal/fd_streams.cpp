#include "terminal/fd_streams.h"

#include <string>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::command {

FdReady::FdReady(uv_loop_t* loop, uv_file fd, int event, std::function<void()> handler)
    : loop_(loop), fd_(fd), event_(event), handler_(std::move(handler)) {}

Error FdReady::wait() {
  if (!poll_) {
    auto poll = net::Handle<uv_poll_t>::make();
    if (const int status = uv_poll_init(loop_, poll.get(), fd_); status < 0) {
      poll.forget();
      return net::uv_error(status, "wait");
    }
    poll->data = this;
    poll_ = std::move(poll);
  }
  const int status = uv_poll_start(poll_.get(), event_, [](uv_poll_t* poll, int, int) {
    uv_poll_stop(poll);
    static_cast<FdReady*>(poll->data)->handler_();
  });
  return status < 0 ? net::uv_error(status, "wait") : Error();
}

FdReader::FdReader(uv_loop_t* loop, uv_file fd, Handler handler)
    : loop_(loop),
      fd_(fd),
      handler_(std::move(handler)),
      readable_(loop, fd, UV_READABLE, [this] { try_read(); }) {}

void FdReader::read() {
  if (std::exchange(reading_, true)) return;
  block_ = pool_.take();
  try_read();
}

void FdReader::try_read() {
  const MutableBytes memory = block_.bytes();
  const uv_buf_t buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  request_.data = this;
  const int status = uv_fs_read(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
    const ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    static_cast<FdReader*>(request->data)->finish(count);
  });
  if (status < 0) finish(status);
}

void FdReader::finish(ssize_t count) {
  Error error;
  if (count == UV_EAGAIN) {
    error = readable_.wait();
    if (!error) return;
  } else if (count < 0) {
    error = net::uv_error(static_cast<int>(count), "read standard input");
  }
  reading_ = false;
  BufferPool::Block block = std::exchange(block_, {});
  if (error) return handler_(error);
  handler_(count > 0 ? std::move(block).freeze(static_cast<std::size_t>(count)) : Buffer());
}

FdWriter::FdWriter(uv_loop_t* loop, uv_file fd, Handlers handlers)
    : loop_(loop),
      fd_(fd),
      handlers_(std::move(handlers)),
      writable_(loop, fd, UV_WRITABLE, [this] { write_next(); }) {}

void FdWriter::write(Bytes bytes) {
  if (bytes.empty()) return;
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (writing_.empty()) write_next();
}

void FdWriter::write_next() {
  if (written_ == writing_.size()) {
    writing_.clear();
    writing_.swap(waiting_);
    written_ = 0;
    if (writing_.empty()) return handlers_.on_drained();
  }
  const Bytes rest = Bytes(writing_).subspan(written_);
  const uv_buf_t buffer = uv_buf_init(char_pointer(rest), static_cast<unsigned>(rest.size()));
  request_.data = this;
  const int status = uv_fs_write(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
    const ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    static_cast<FdWriter*>(request->data)->wrote(count);
  });
  if (status < 0) fail(status);
}

void FdWriter::wrote(ssize_t count) {
  if (count == UV_EAGAIN) {
    if (const Error error = writable_.wait()) fail(error.code().value());
    return;
  }
  if (count < 0) return fail(count);
  written_ += static_cast<std::size_t>(count);
  write_next();
}

void FdWriter::fail(ssize_t status) {
  const std::string output = fd_ == 1 ? "standard output" : "standard error";
  handlers_.on_failure(net::uv_error(static_cast<int>(status), "write to " + output));
}

}  // namespace uvspdy::command
