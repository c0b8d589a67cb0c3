#include "uvspdy/net/adopt.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/descriptor.h"
#include "support/connected_pair.h"
#include "support/mentions.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using net::Descriptor;
using test::connected_pair;
using test::IsSuccess;
using test::peer_over;
using test::RawPeer;
using test::TestLoop;

namespace {

std::error_code uv_code(int status) { return {status, net::uv_category()}; }

template <class T>
uv_stream_t* stream_of(T& handle) {
  return static_cast<uv_stream_t*>(static_cast<void*>(&handle));
}

/// An embedder's handle over a connected socket.
struct Embedded {
  uv_tcp_t tcp{};
  uv_pipe_t pipe{};
  uv_stream_t* stream = nullptr;

  Embedded(TestLoop& loop, int family, Descriptor socket) {
    if (family == AF_UNIX) {
      uv_pipe_init(loop.get(), &pipe, 0);
      REQUIRE(uv_pipe_open(&pipe, socket.release()) == 0);
      stream = stream_of(pipe);
    } else {
      uv_tcp_init(loop.get(), &tcp);
      REQUIRE(uv_tcp_open(&tcp, socket.release()) == 0);
      stream = stream_of(tcp);
    }
  }
};

}  // namespace

TEST_CASE("adopt: an embedder's handle carries a connection, and comes back once, at the end") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  CAPTURE(family);
  auto pair = connected_pair(family);
  auto embedded = std::make_unique<Embedded>(loop, family, std::move(pair[0]));
  uv_stream_t* const stream = embedded->stream;
  auto other_adopted = net::adopt(loop.get(), pair[1].get());
  REQUIRE_THAT(other_adopted, IsSuccess());
  (void)pair[1].release();
  RawPeer other(std::move(*other_adopted));
  other.start_reading();

  // The embedder reads a head first, and goes on being told until it hands the handle over.
  std::string head;
  stream->data = &head;
  uv_read_start(
      stream,
      [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
        static std::array<char, 4> memory;
        *buffer = uv_buf_init(memory.data(), static_cast<unsigned>(memory.size()));
      },
      [](uv_stream_t* from, ssize_t count, const uv_buf_t* buffer) {
        if (count <= 0) return;
        static_cast<std::string*>(from->data)
            ->append(buffer->base, static_cast<std::size_t>(count));
        uv_read_stop(from);
      });
  other.send("HEADrest");
  REQUIRE(loop.run_until([&] { return !head.empty(); }));
  CHECK(head == "HEAD");

  int released = 0;
  int closed = 0;
  test::OutsideCalls outside;
  auto adopted = net::adopt(stream, [&](uv_stream_t* back) {
    CHECK(outside.holds());
    CHECK(back == stream);
    CHECK(closed == 1);
    ++released;
    embedded.reset();  // the embedder frees it here
  });
  REQUIRE_THAT(adopted, IsSuccess());
  CHECK((*adopted)->peer().starts_with(family == AF_UNIX ? "unix:" : "127.0.0.1:"));
  auto& transport = **adopted;
  std::string received;
  bool ended = false;
  transport.set_read_handlers([&](Bytes bytes) { received += text_of(bytes); },
                              [&](const Error& error) {
                                CHECK_THAT(error, IsSuccess());
                                ended = true;
                              });
  transport.start_reading();
  const std::string text = test::patterned_text(500000);
  const Bytes bytes = bytes_of(text);
  const auto sent = transport.try_write(std::span(&bytes, 1));
  REQUIRE_THAT(sent, IsSuccess());
  REQUIRE(loop.run_until([&] { return received == "rest" && other.received().size() == *sent; }));
  CHECK((other.received() == text.substr(0, *sent)));
  other.shut_down();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(released == 0);
  outside.during([&] {
    transport.close([&] { ++closed; });
    adopted = Error(net::Errc::kTimeout, "gone");
  });
  CHECK(released == 0);
  REQUIRE(loop.run_until([&] { return other.ended(); }));
  other.close();
  REQUIRE(loop.run_out());
  CHECK(released == 1);
  CHECK(closed == 1);
}

TEST_CASE("adopt: dropped with a read and a write under way, the handle still comes back") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  auto pair = connected_pair(family);
  auto embedded = std::make_unique<Embedded>(loop, family, std::move(pair[0]));
  int released = 0;
  auto adopted = net::adopt(embedded->stream, [&](uv_stream_t*) {
    ++released;
    embedded.reset();
  });
  REQUIRE_THAT(adopted, IsSuccess());
  const std::string text(64 * 1024 * 1024, 'x');
  const Bytes bytes = bytes_of(text);
  (*adopted)->set_read_handlers([](Bytes) { FAIL_CHECK("read"); },
                                [](const Error&) { FAIL_CHECK("ended"); });
  (*adopted)->start_reading();
  (*adopted)->write(std::span(&bytes, 1), [](auto) { FAIL_CHECK("written"); });
  loop.run_turns(3);
  adopted = Error(net::Errc::kTimeout, "gone");
  CHECK(released == 0);
  REQUIRE(loop.run_out());
  CHECK(released == 1);
}

TEST_CASE("adopt: not while a write of the embedder's is under way") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  auto pair = connected_pair(family);
  Embedded embedded(loop, family, std::move(pair[0]));
  RawPeer other = peer_over(loop, std::move(pair[1]));
  std::string text(64 * 1024 * 1024, 'x');
  const uv_buf_t buffer = uv_buf_init(text.data(), static_cast<unsigned>(text.size()));
  int written = 0;
  uv_write_t request{};
  request.data = &written;
  REQUIRE(uv_write(&request, embedded.stream, &buffer, 1,
                   [](uv_write_t* done, int) { ++*static_cast<int*>(done->data); }) == 0);
  const auto too_early = net::adopt(embedded.stream, [](uv_stream_t*) { FAIL_CHECK("released"); });
  REQUIRE_FALSE(too_early);
  CHECK(too_early.error().code() == uv_code(UV_EBUSY));
  CHECK(test::mentions(too_early.error().message(), {"cannot adopt", "under way", "EBUSY"}));
  other.start_reading();
  REQUIRE(loop.run_until([&] { return other.received().size() == text.size() && written == 1; }));

  bool released = false;
  auto adopted = net::adopt(embedded.stream, [&](uv_stream_t*) { released = true; });
  REQUIRE_THAT(adopted, IsSuccess());
  (*adopted)->close({});
  other.close();
  REQUIRE(loop.run_out());
  CHECK(released);
}

TEST_CASE("adopt: handles that cannot be adopted stay as they are") {
  TestLoop loop;
  int released = 0;
  const auto refused = [&](uv_stream_t* stream, int status, const char* says) {
    const auto result = net::adopt(stream, [&](uv_stream_t*) { ++released; });
    if (result) return false;
    CHECK(result.error().code() == uv_code(status));
    return test::mentions(result.error().message(), {"cannot adopt", says});
  };
  CHECK(refused(nullptr, UV_EINVAL, "null"));

  uv_udp_t udp{};
  uv_udp_init(loop.get(), &udp);
  CHECK(refused(stream_of(udp), UV_EINVAL, "udp"));
  uv_tcp_t fresh{};
  uv_tcp_init(loop.get(), &fresh);
  CHECK(refused(stream_of(fresh), UV_ENOTCONN, "not connected"));
  uv_tcp_t unconnected{};
  uv_tcp_init(loop.get(), &unconnected);
  REQUIRE(uv_tcp_open(&unconnected, socket(AF_INET, SOCK_STREAM, 0)) == 0);
  CHECK(refused(stream_of(unconnected), UV_ENOTCONN, "not connected"));
  uv_pipe_t passing{};
  uv_pipe_init(loop.get(), &passing, 1);
  auto pair = connected_pair(AF_UNIX);
  REQUIRE(uv_pipe_open(&passing, pair[0].release()) == 0);
  CHECK(refused(stream_of(passing), UV_EINVAL, "passes handles"));
  int one_way[2] = {-1, -1};
  REQUIRE(::pipe(one_way) == 0);
  const Descriptor writing_end(one_way[1]);
  uv_pipe_t reading{};
  uv_pipe_init(loop.get(), &reading, 0);
  REQUIRE(uv_pipe_open(&reading, one_way[0]) == 0);
  CHECK(refused(stream_of(reading), UV_ENOTCONN, "both ways"));
  uv_tcp_t closing{};
  uv_tcp_init(loop.get(), &closing);
  void* closing_handle = &closing;
  uv_close(static_cast<uv_handle_t*>(closing_handle), nullptr);
  CHECK(refused(stream_of(closing), UV_EBADF, "closing"));

  for (void* handle :
       {static_cast<void*>(&udp), static_cast<void*>(&fresh), static_cast<void*>(&unconnected),
        static_cast<void*>(&passing), static_cast<void*>(&reading)}) {
    CHECK(static_cast<uv_handle_t*>(handle)->data == nullptr);
    uv_close(static_cast<uv_handle_t*>(handle), nullptr);
  }
  REQUIRE(loop.run_out());
  CHECK(released == 0);
}

TEST_CASE("adopt: a socket is taken over, bytes go both ways") {
  TestLoop loop;
  const int family = GENERATE(AF_INET, AF_UNIX);
  auto pair = connected_pair(family);
  const int fds[2] = {pair[0].get(), pair[1].get()};
  {
    RawPeer one = peer_over(loop, std::move(pair[0]));
    RawPeer two = peer_over(loop, std::move(pair[1]));
    one.start_reading();
    two.start_reading();
    one.send("there");
    two.send("back");
    REQUIRE(loop.run_until([&] { return one.received() == "back" && two.received() == "there"; }));
    one.close();
    REQUIRE(loop.run_until([&] { return two.ended(); }));
    CHECK_THAT(two.end(), IsSuccess());
  }
  REQUIRE(loop.run_out());
  CHECK(fcntl(fds[0], F_GETFD) == -1);
  CHECK(fcntl(fds[1], F_GETFD) == -1);
}

TEST_CASE("adopt: a pair's other end is known by its process") {
  TestLoop loop;
  auto pair = connected_pair(AF_UNIX);
  const auto adopted = net::adopt(loop.get(), pair[0].get());
  REQUIRE_THAT(adopted, IsSuccess());
  (void)pair[0].release();
  CHECK((*adopted)->peer() == "unix:pid=" + std::to_string(getpid()));
}

TEST_CASE("adopt: sockets that cannot be adopted stay the caller's") {
  TestLoop loop;
  const auto refused = [&](int socket, int status, const char* says) {
    const auto result = net::adopt(loop.get(), socket);
    if (result) return false;
    CHECK(result.error().code() == uv_code(status));
    return test::mentions(result.error().message(), {"cannot adopt", says});
  };
  CHECK(refused(-1, UV_EBADF, "no socket"));
  int fds[2] = {-1, -1};
  REQUIRE(::pipe(fds) == 0);
  const Descriptor reading(fds[0]);
  const Descriptor writing(fds[1]);
  CHECK(refused(reading.get(), UV_ENOTSOCK, "no socket"));
  const Descriptor udp(socket(AF_INET, SOCK_DGRAM, 0));
  CHECK(refused(udp.get(), UV_EINVAL, "neither TCP nor"));
  const Descriptor tcp(socket(AF_INET, SOCK_STREAM, 0));
  CHECK(refused(tcp.get(), UV_ENOTCONN, "not connected"));
  auto pair = connected_pair(AF_INET);
  auto first = net::adopt(loop.get(), pair[0].get());
  REQUIRE_THAT(first, IsSuccess());
  (*first)->set_read_handlers([](Bytes) {}, [](const Error&) {});
  (*first)->start_reading();
  loop.run_turns(1);  // the loop watches it from here on
  CHECK(refused(pair[0].get(), UV_EEXIST, "exist"));
  (void)pair[0].release();
  for (const Descriptor* left : {&reading, &writing, &udp, &tcp}) {
    CHECK(fcntl(left->get(), F_GETFD) != -1);
  }
}
