// The ends of pumps on descriptors: pipes, and sockets where a pipe of the kernel hardly ever
// fails.

#include "uvspdy/kube/process/pipe_ends.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "net/descriptor.h"
#include "support/patterned_text.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using net::Descriptor;
using test::IsSuccess;
using test::TestLoop;

namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

struct Pipe {
  Descriptor read;
  Descriptor write;

  Pipe() {
    std::array<int, 2> fds{};
    REQUIRE(pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    read = Descriptor(fds[0]);
    write = Descriptor(fds[1]);
  }
};

void write_all(const Descriptor& fd, std::string_view text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

/// What there is now, and whether the end is behind it.
struct Taken {
  std::string text;
  bool end = false;
};

Taken take(const Descriptor& fd) {
  Taken taken;
  std::array<char, 100000> buffer;
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count > 0) {
      taken.text.append(buffer.data(), static_cast<std::size_t>(count));
    } else {
      taken.end = count == 0;
      return taken;
    }
  }
}

/// What was read from a source, and how it ended.
struct Read {
  std::unique_ptr<httpstream::Source> source;
  std::string text;
  std::optional<Error> end;

  Read(TestLoop& loop, Descriptor fd, std::shared_ptr<BufferPool> pool = nullptr) {
    auto made = source_of_fd(loop.get(), fd.release(), std::move(pool));
    REQUIRE_THAT(made, IsSuccess());
    source = std::move(*made);
    source->start([this](const httpstream::Piece& piece) { text += text_of(piece.bytes()); },
                  [this](const Error& error) {
                    CHECK_FALSE(end);
                    end = error;
                  });
  }
};

/// A sink, and what it has said.
struct Written {
  std::unique_ptr<httpstream::Sink> sink;
  int rooms = 0;
  std::optional<Error> over;

  Written(TestLoop& loop, Descriptor fd) {
    auto made = sink_of_fd(loop.get(), fd.release());
    REQUIRE_THAT(made, IsSuccess());
    sink = std::move(*made);
    sink->start([this] { ++rooms; },
                [this](const Error& error) {
                  CHECK_FALSE(over);
                  over = error;
                });
  }

  bool write(std::string_view text) const { return sink->write(httpstream::Piece(bytes_of(text))); }
};

const std::error_code kNoReader{UV_EPIPE, net::uv_category()};

}  // namespace

TEST_CASE("source_of_fd: the end of what is read, and an error, which is none") {
  TestLoop loop;
  std::array<int, 2> fds{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  Descriptor ours(fds[0]);
  Descriptor theirs(fds[1]);
  const bool fails = GENERATE(false, true);
  // A socket that is closed over what it has not read resets the other one.
  if (fails) REQUIRE(write(ours.get(), "x", 1) == 1);
  write_all(theirs, "words");
  Read read(loop, std::move(ours));
  REQUIRE(loop.run_until([&] { return read.text == "words"; }));
  theirs.reset();
  REQUIRE(loop.run_until([&] { return read.end.has_value(); }));
  if (fails) {
    CHECK(read.end->code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  } else {
    CHECK_THAT(*read.end, IsSuccess());
  }
  read.source->resume();  // harmless
  REQUIRE(loop.run_out());
  CHECK(read.text == "words");
}

TEST_CASE("source_of_fd, sink_of_fd: a descriptor that cannot be used is closed") {
  TestLoop loop;
  // One that stands for a place in the file system alone, and a file.
  const bool place = GENERATE(true, false);
  Descriptor bad(place ? open("/", O_PATH | O_CLOEXEC) : open("/proc/self/exe", O_CLOEXEC));
  REQUIRE(bad);
  const std::error_code expected(place ? UV_EBADF : UV_EPERM, net::uv_category());
  const int fd = bad.release();
  SECTION("source") { CHECK(source_of_fd(loop.get(), fd).error().code() == expected); }
  SECTION("sink") { CHECK(sink_of_fd(loop.get(), fd).error().code() == expected); }
  CHECK_FALSE(is_open(fd));
  REQUIRE(loop.run_out());
}

TEST_CASE("source_of_fd: paused it says nothing, the end included") {
  TestLoop loop;
  Pipe pipe;
  Read read(loop, std::move(pipe.read));
  read.source->pause();
  write_all(pipe.write, "words");
  const bool ended = GENERATE(true, false);
  if (ended) pipe.write.reset();
  loop.run_turns(20);
  CHECK(read.text.empty());
  CHECK_FALSE(read.end);
  read.source->resume();
  CHECK(read.text.empty());  // not inside the call
  REQUIRE(loop.run_until([&] { return read.text == "words"; }));
  pipe.write.reset();
  REQUIRE(loop.run_until([&] { return read.end.has_value(); }));
  CHECK_THAT(*read.end, IsSuccess());
  REQUIRE(loop.run_out());
}

TEST_CASE("source_of_fd: paused inside the data handler, the end behind that waits, too") {
  TestLoop loop;
  Pipe pipe;
  write_all(pipe.write, "words");
  pipe.write.reset();
  auto source = source_of_fd(loop.get(), pipe.read.release());
  REQUIRE_THAT(source, IsSuccess());
  bool data = false;
  bool end = false;
  (*source)->start(
      [&](const httpstream::Piece&) {
        data = true;
        (*source)->pause();
      },
      [&](const Error&) { end = true; });
  REQUIRE(loop.run_until([&] { return data; }));
  loop.run_turns(20);
  CHECK_FALSE(end);
  (*source)->resume();
  REQUIRE(loop.run_until([&] { return end; }));
  REQUIRE(loop.run_out());
}

TEST_CASE("source_of_fd: what fills a block is handed on in it, what does not is copied") {
  TestLoop loop;
  Pipe pipe;
  const auto pool = std::make_shared<BufferPool>(1000, 2);
  auto source = source_of_fd(loop.get(), pipe.read.release(), pool);
  REQUIRE_THAT(source, IsSuccess());
  std::vector<Buffer> kept;
  (*source)->start([&](const httpstream::Piece& piece) { kept.push_back(piece.keep()); }, {});
  write_all(pipe.write, std::string(1000, 'x'));
  REQUIRE(loop.run_until([&] { return kept.size() == 1; }));
  // The two blocks of the pool are the piece's and another one.
  const auto* block = pool->take().bytes().data();
  CHECK(block != kept[0].bytes().data());
  write_all(pipe.write, "little");
  REQUIRE(loop.run_until([&] { return kept.size() == 2; }));
  CHECK(pool->take().bytes().data() == block);
  CHECK(text_of(kept[1].bytes()) == "little");
  source->reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("source_of_fd: discarded or destroyed it closes, also inside its handlers") {
  TestLoop loop;
  Pipe pipe;
  write_all(pipe.write, "words");
  auto source = source_of_fd(loop.get(), pipe.read.release());
  REQUIRE_THAT(source, IsSuccess());
  bool done = false;
  const int way = GENERATE(0, 1, 2);
  if (way == 2) pipe.write.reset();
  (*source)->start(
      [&](const httpstream::Piece&) {
        if (way == 0) (*source)->discard();
        if (way == 1) source->reset();
        done = way < 2;
      },
      [&](const Error&) {
        CHECK(way == 2);
        source->reset();
        done = true;
      });
  REQUIRE(loop.run_until([&] { return done; }));
  if (way < 2) {
    CHECK(::write(pipe.write.get(), "x", 1) < 0);
    CHECK(errno == EPIPE);
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("sink_of_fd: what is not taken is kept, and on_room says when it has left") {
  TestLoop loop;
  Pipe pipe;
  Written written(loop, std::move(pipe.write));
  const std::string text = test::patterned_text(1000000);
  CHECK(written.write(text.substr(0, 1000)));
  CHECK_FALSE(written.write(text.substr(1000, 500000)));
  // More than is asked for is taken all the same.
  CHECK_FALSE(written.write(text.substr(501000)));
  std::string received;
  REQUIRE(loop.run_until([&] {
    received += take(pipe.read).text;
    return received.size() == text.size();
  }));
  CHECK((received == text));
  REQUIRE(loop.run_until([&] { return written.rooms > 0; }));
  CHECK(written.rooms == 1);
  CHECK(written.write("more"));
  CHECK(take(pipe.read).text == "more");
  CHECK_FALSE(written.over);
  written.sink.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "sink_of_fd: an end closes behind everything written, a break only when it is destroyed") {
  TestLoop loop;
  Pipe pipe;
  Written written(loop, std::move(pipe.write));
  const bool much = GENERATE(true, false);
  const bool breaks = GENERATE(true, false);
  const std::string text = much ? std::string(1000000, 'x') : "words";
  CHECK(written.write(text) == !much);
  const Error why(std::make_error_code(std::errc::io_error), "it broke");
  breaks ? written.sink->break_off(why) : written.sink->end();
  CHECK_FALSE(written.over);         // not inside the call
  CHECK(written.write("too late"));  // dropped
  Taken all;
  const auto take_more = [&] {
    const Taken taken = take(pipe.read);
    all.text += taken.text;
    all.end = taken.end;
  };
  REQUIRE(loop.run_until([&] {
    take_more();
    return written.over.has_value();
  }));
  take_more();
  CHECK((all.text == text));
  CHECK(all.end == !breaks);
  CHECK(written.over->message() == (breaks ? "it broke" : ""));
  CHECK(written.rooms == 0);
  written.sink.reset();
  take_more();
  CHECK(all.end);
  REQUIRE(loop.run_out());
}

TEST_CASE("sink_of_fd: a pump says that its source broke off before the reader sees an end") {
  TestLoop loop;
  Pipe pipe;
  std::array<int, 2> fds{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  Descriptor ours(fds[0]);
  Descriptor theirs(fds[1]);
  // A socket that is closed over what it has not read resets the other one.
  REQUIRE(write(ours.get(), "x", 1) == 1);
  write_all(theirs, "words");
  auto source = source_of_fd(loop.get(), ours.release());
  auto sink = sink_of_fd(loop.get(), pipe.write.release());
  REQUIRE_THAT(source, IsSuccess());
  REQUIRE_THAT(sink, IsSuccess());
  std::optional<Error> done;
  bool ended_before = true;
  httpstream::Pump::start(std::move(*source), std::move(*sink), [&](const Error& error) {
    ended_before = take(pipe.read).end;
    done = error;
  });
  theirs.reset();
  REQUIRE(loop.run_until([&] { return done.has_value(); }));
  CHECK(done->code() == std::error_code(UV_ECONNRESET, net::uv_category()));
  CHECK_FALSE(ended_before);
  CHECK(take(pipe.read).end);
  REQUIRE(loop.run_out());
}

TEST_CASE("sink_of_fd: a reader that goes") {
  TestLoop loop;
  Pipe pipe;
  Written written(loop, std::move(pipe.write));
  const bool waiting = GENERATE(true, false);
  if (waiting) CHECK_FALSE(written.write(std::string(1000000, 'x')));
  pipe.read.reset();
  if (!waiting) CHECK(written.write("words"));
  CHECK_FALSE(written.over);  // not inside the call
  REQUIRE(loop.run_until([&] { return written.over.has_value(); }));
  CHECK(written.over->code() == kNoReader);
  CHECK(written.write("dropped"));
  written.sink->end();
  REQUIRE(loop.run_out());
}

TEST_CASE("sink_of_fd: destroyed it closes at once, also inside its handlers") {
  TestLoop loop;
  Pipe pipe;
  auto made = sink_of_fd(loop.get(), pipe.write.release());
  REQUIRE_THAT(made, IsSuccess());
  auto sink = std::move(*made);
  bool done = false;
  const bool inside_room = GENERATE(true, false);
  const auto drop = [&] {
    sink.reset();
    done = true;
  };
  sink->start([&] { drop(); }, [&](const Error&) { drop(); });
  CHECK_FALSE(sink->write(httpstream::Piece(Buffer(std::string(100000, 'x')))));
  if (!inside_room) pipe.read.reset();
  REQUIRE(loop.run_until([&] {
    if (inside_room) (void)take(pipe.read);
    return done;
  }));
  if (inside_room) CHECK(take(pipe.read).end);
  REQUIRE(loop.run_out());
}

TEST_CASE("source_of_fd and sink_of_fd: a pump brings everything from one pipe to another") {
  TestLoop loop;
  Pipe from;
  Pipe to;
  auto source = source_of_fd(loop.get(), from.read.release());
  auto sink = sink_of_fd(loop.get(), to.write.release());
  REQUIRE_THAT(source, IsSuccess());
  REQUIRE_THAT(sink, IsSuccess());
  std::optional<Error> done;
  httpstream::Pump::start(std::move(*source), std::move(*sink),
                          [&](const Error& error) { done = error; });
  const std::string text = test::patterned_text(5000000);
  std::string_view rest = text;
  std::string received;
  REQUIRE(loop.run_until([&] {
    const ssize_t count = from.write ? ::write(from.write.get(), rest.data(), rest.size()) : 0;
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (rest.empty()) from.write.reset();
    received += take(to.read).text;
    return done.has_value();
  }));
  CHECK_THAT(*done, IsSuccess());
  received += take(to.read).text;
  CHECK((received == text));
  CHECK(take(to.read).end);
  REQUIRE(loop.run_out());
}
