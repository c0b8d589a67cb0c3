// Pipes to processes that fail, which those of the kernel hardly ever do: sockets stand in.

#include "kube/process/process_pipe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "support/test_loop.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using net::Descriptor;
using test::TestLoop;

namespace {

std::shared_ptr<BufferPool> pool() { return std::make_shared<BufferPool>(ProcessPipe::kBlockSize); }

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

/// What was read, and how it ended.
struct Read {
  std::string text;
  std::optional<Error> end;

  ProcessPipe::Handlers handlers() {
    ProcessPipe::Handlers handlers;
    handlers.on_data = [this](const Buffer& buffer) { text += text_of(buffer.bytes()); };
    handlers.on_end = [this](const Error& error) {
      CHECK_FALSE(end);
      end = error;
    };
    return handlers;
  }
};

}  // namespace

TEST_CASE("ProcessPipe: the end of what is read, and an error, which is none") {
  TestLoop loop;
  std::array<int, 2> fds{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  Descriptor ours(fds[0]);
  Descriptor theirs(fds[1]);
  const bool fails = GENERATE(false, true);
  // A socket that is closed over what it has not read resets the other one.
  if (fails) REQUIRE(write(ours.get(), "x", 1) == 1);
  REQUIRE(write(theirs.get(), "words", 5) == 5);
  Read read;
  auto pipe = ProcessPipe::open(loop.get(), std::move(ours), pool(), read.handlers());
  REQUIRE(pipe);
  (*pipe)->start_reading();
  REQUIRE(loop.run_until([&] { return read.text == "words"; }));
  theirs.reset();
  REQUIRE(loop.run_until([&] { return read.end.has_value(); }));
  if (fails) {
    CHECK(read.end->code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  } else {
    CHECK_FALSE(*read.end);
  }
  pipe->reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("ProcessPipe: one that cannot be read says so, from the loop") {
  TestLoop loop;
  std::array<int, 2> fds{};
  REQUIRE(pipe2(fds.data(), O_CLOEXEC) == 0);
  const Descriptor reading_end(fds[0]);
  Read read;
  auto pipe = ProcessPipe::open(loop.get(), Descriptor(fds[1]), pool(), read.handlers());
  REQUIRE(pipe);
  (*pipe)->start_reading();
  CHECK_FALSE(read.end);
  REQUIRE(loop.run_until([&] { return read.end.has_value(); }));
  CHECK(read.end->code() == std::error_code(UV_ENOTCONN, net::uv_category()));
  pipe->reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("ProcessPipe: a descriptor that cannot be opened is closed") {
  TestLoop loop;
  // One that stands for a place in the file system alone.
  Descriptor place(open("/", O_PATH | O_CLOEXEC));
  REQUIRE(place);
  const int fd = place.get();
  const auto pipe = ProcessPipe::open(loop.get(), std::move(place), pool(), Read().handlers());
  REQUIRE_FALSE(pipe);
  CHECK(pipe.error().code() == std::error_code(UV_EBADF, net::uv_category()));
  CHECK_FALSE(is_open(fd));
  REQUIRE(loop.run_out());
}
