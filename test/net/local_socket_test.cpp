// Local sockets: Listener::listen_pipe, connect_pipe, and the Transport between them.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/descriptor.h"
#include "support/mentions.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/pipe.h"

using namespace uvspdy;
using net::Descriptor;
using net::Listener;
using test::IsSuccess;
using test::RawPeer;
using test::TemporaryFolder;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using Connected = Result<std::unique_ptr<net::Transport>>;

std::error_code uv_code(int status) { return {status, net::uv_category()}; }

/// One call of connect_pipe, run to its end.
Connected connect(TestLoop& loop, const std::string& path,
                  std::chrono::milliseconds timeout = test::kDeadline) {
  std::optional<Connected> result;
  int calls = 0;
  test::OutsideCalls outside;
  outside.during([&] {
    net::connect_pipe(loop.get(), path, timeout, [&](Connected connected) {
      CHECK(outside.holds());
      ++calls;
      result = std::move(connected);
    });
  });
  CHECK(calls == 0);
  REQUIRE(loop.run_until([&] { return result.has_value(); }));
  CHECK(calls == 1);
  return std::move(*result);
}

/// A local socket by hand, bound to a path; it listens if asked to.
Descriptor bound_socket(const std::string& path, std::optional<int> backlog) {
  Descriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_storage address = net::local_address(path);
  REQUIRE(bind(made.get(), net::base_of(address), sizeof(sockaddr_un)) == 0);
  if (backlog) REQUIRE(listen(made.get(), *backlog) == 0);
  return made;
}

mode_t permissions(const std::string& path) {
  struct stat found {};
  REQUIRE(lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

/// What happens to the files of a folder.
class FolderWatch {
 public:
  explicit FolderWatch(const std::string& path)
      : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    REQUIRE(inotify_);
    REQUIRE(inotify_add_watch(inotify_.get(), path.c_str(), IN_CREATE | IN_ATTRIB) >= 0);
  }

  /// Of the events so far: IN_CREATE, IN_ATTRIB (permissions that were changed).
  std::vector<std::uint32_t> events() const {
    std::vector<std::uint32_t> found;
    std::array<char, 4096> memory{};
    ssize_t size = 0;
    while ((size = read(inotify_.get(), memory.data(), memory.size())) > 0) {
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        inotify_event event{};
        std::memcpy(&event, memory.data() + at, sizeof event);
        found.push_back(event.mask);
        at += sizeof event + event.len;
      }
    }
    return found;
  }

 private:
  Descriptor inotify_;
};

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

/// The process's umask, for the length of a test.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("local sockets: bytes go both ways, and each side's end is an orderly one") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x.sock");
  std::unique_ptr<RawPeer> server;
  auto listener = Listener::listen_pipe(loop.get(), path, [&](auto transport) {
    CHECK(transport->peer() == "unix:" + path);
    server = std::make_unique<RawPeer>(std::move(transport));
  });
  REQUIRE_THAT(listener, IsSuccess());
  CHECK((*listener)->address() == "unix:" + path);
  CHECK((*listener)->port() == 0);
  Connected connected = connect(loop, path);
  REQUIRE_THAT(connected, IsSuccess());
  CHECK((*connected)->peer() == "unix:" + path);
  CHECK((*connected)->loop() == loop.get());
  RawPeer client(std::move(*connected));
  REQUIRE(loop.run_until([&] { return server != nullptr; }));

  // More than the kernel takes in one go.
  const std::string there = test::patterned_text(3000000);
  const std::string back = test::patterned_text(2000001);
  client.send(there);
  client.shut_down();
  server->send(back);
  client.start_reading();
  server->start_reading();
  REQUIRE(
      loop.run_until([&] { return server->ended() && client.received().size() == back.size(); }));
  CHECK_THAT(server->end(), IsSuccess());
  CHECK((server->received() == there));
  CHECK((client.received() == back));
  CHECK_FALSE(client.ended());
  server->close();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK_THAT(client.end(), IsSuccess());
  client.close();
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("local sockets: what has been written is not destroyed by closing") {
  TestLoop loop;
  const TemporaryFolder folder;
  std::unique_ptr<RawPeer> server;
  auto listener = Listener::listen_pipe(loop.get(), folder.path("x"), [&](auto transport) {
    server = std::make_unique<RawPeer>(std::move(transport));
  });
  REQUIRE_THAT(listener, IsSuccess());
  Connected client = connect(loop, folder.path("x"));
  REQUIRE_THAT(client, IsSuccess());
  REQUIRE(loop.run_until([&] { return server != nullptr; }));
  const std::string text = test::patterned_text(20000);
  const Bytes bytes = bytes_of(text);
  const auto written = (*client)->try_write(std::span(&bytes, 1));
  REQUIRE_THAT(written, IsSuccess());
  CHECK(*written == text.size());
  CHECK((*client)->unacknowledged() == 0);
  client = Error(net::Errc::kTimeout, "gone");
  server->start_reading();
  REQUIRE(loop.run_until([&] { return server->ended(); }));
  CHECK((server->received() == text));
  server->close();
  (*listener)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("listen_pipe: the file has the permissions asked for, whatever the umask") {
  TestLoop loop;
  const TemporaryFolder folder;
  const mode_t mask = GENERATE(0U, 022U, 0777U);
  const mode_t mode = GENERATE(0600U, 0660U, 0666U, 0777U);
  CAPTURE(mask, mode);
  const Umask set(mask);
  net::ListenOptions options;
  options.pipe_mode = mode;
  const FolderWatch watch(folder.path());
  auto listener = Listener::listen_pipe(
      loop.get(), folder.path("x"), [](auto) {}, {}, options);
  REQUIRE_THAT(listener, IsSuccess());
  CHECK(permissions(folder.path("x")) == mode);
  // It has had them from the start, unless the umask has taken some, which come back.
  std::vector<std::uint32_t> expected{IN_CREATE};
  if ((mode & mask) != 0) expected.push_back(IN_ATTRIB);
  CHECK(watch.events() == expected);
}

TEST_CASE("listen_pipe: a folder that somebody keeps locked stops nobody") {
  TestLoop loop;
  const TemporaryFolder folder;
  const Descriptor lock(open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(flock(lock.get(), LOCK_EX) == 0);
  bound_socket(folder.path("x"), 1).reset();
  CHECK_THAT(Listener::listen_pipe(loop.get(), folder.path("x"), [](auto) {}), IsSuccess());
}

TEST_CASE("listen_pipe: closing, or destroying, removes the file") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  CHECK(exists(path));
  const bool destroy = GENERATE(false, true);
  if (destroy) {
    (*listener).reset();
  } else {
    (*listener)->close();
  }
  CHECK_FALSE(exists(path));
  auto again = Listener::listen_pipe(loop.get(), path, [](auto) {});
  CHECK_THAT(again, IsSuccess());
}

TEST_CASE("listen_pipe: a file that is somebody else's by now stays") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  REQUIRE(unlink(path.c_str()) == 0);
  const Descriptor other = bound_socket(path, 1);
  (*listener)->close();
  CHECK(exists(path));
}

TEST_CASE("listen_pipe: a file left over is replaced, one in use is not") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  SECTION("left over") {
    bound_socket(path, 1).reset();
    REQUIRE(exists(path));
    const auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
    REQUIRE_THAT(listener, IsSuccess());
    CHECK(permissions(path) == 0600);
    CHECK_THAT(connect(loop, path), IsSuccess());
  }
  SECTION("in use by something else") {
    const Descriptor other = bound_socket(path, 5);
    const auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
    REQUIRE_FALSE(listener);
    CHECK(listener.error().code() == uv_code(UV_EADDRINUSE));
    CHECK(test::mentions(listener.error().message(), {path}));
    CHECK_THAT(connect(loop, path), IsSuccess());
  }
  SECTION("in use, with a queue that is full") {
    const Descriptor other = bound_socket(path, 0);
    std::vector<Descriptor> clients(2);
    const sockaddr_storage address = net::local_address(path);
    for (Descriptor& client : clients) {
      client = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)::connect(client.get(), net::base_of(address), sizeof(sockaddr_un));
    }
    const auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
    REQUIRE_FALSE(listener);
    CHECK(listener.error().code() == uv_code(UV_EADDRINUSE));
    CHECK(exists(path));
  }
  SECTION("in use by a listener of ours") {
    const auto first = Listener::listen_pipe(loop.get(), path, [](auto) {});
    REQUIRE_THAT(first, IsSuccess());
    const auto second = Listener::listen_pipe(loop.get(), path, [](auto) {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == uv_code(UV_EADDRINUSE));
    CHECK(exists(path));
    CHECK_THAT(connect(loop, path), IsSuccess());
  }
}

TEST_CASE("listen_pipe: a file that is no socket is left alone") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("precious");
  std::ofstream(path) << "text";
  const auto listener = Listener::listen_pipe(loop.get(), path, [](auto) {});
  REQUIRE_FALSE(listener);
  CHECK(listener.error().code() == net::Errc::kBadAddress);
  CHECK(test::mentions(listener.error().message(), {path}));
  CHECK(test::mentions(listener.error().message(), {"no socket"}));
  std::string text;
  std::ifstream(path) >> text;
  CHECK(text == "text");
}

TEST_CASE("local sockets: paths that cannot be") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string room(107 - folder.path().size() - 1, 'x');
  struct Row {
    std::string path;
    const char* says;
  };
  const Row rows[] = {{"", "empty"},
                      {folder.path(room) + "x", "at most 107"},
                      {std::string("a\0b", 3), "zero byte"}};
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const auto listener = Listener::listen_pipe(loop.get(), row.path, [](auto) {});
    REQUIRE_FALSE(listener);
    CHECK(listener.error().code() == net::Errc::kBadAddress);
    CHECK(test::mentions(listener.error().message(), {row.says}));
    const Connected connected = connect(loop, row.path);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().code() == net::Errc::kBadAddress);
    CHECK(test::mentions(connected.error().message(), {row.says}));
  }

  // The longest one works, whole.
  auto longest = Listener::listen_pipe(loop.get(), folder.path(room), [](auto) {});
  REQUIRE_THAT(longest, IsSuccess());
  CHECK(exists(folder.path(room)));
  CHECK_THAT(connect(loop, folder.path(room)), IsSuccess());
  (*longest)->close();
  const auto nowhere = Listener::listen_pipe(loop.get(), folder.path("no/x"), [](auto) {});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code() == uv_code(UV_ENOENT));
  REQUIRE(loop.run_out());
}

TEST_CASE("connect_pipe: nobody there is libuv's error, and names the path") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  const Connected missing = connect(loop, path);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == uv_code(UV_ENOENT));
  CHECK(test::mentions(missing.error().message(), {"unix:" + path}));
  const Descriptor silent = bound_socket(path, std::nullopt);
  const Connected refused = connect(loop, path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == uv_code(UV_ECONNREFUSED));
  REQUIRE(loop.run_out());
}

TEST_CASE("connect_pipe: waits for a place in the queue, times out, or is cancelled") {
  TestLoop loop;
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  const Descriptor server = bound_socket(path, 0);
  Connected first = connect(loop, path);
  REQUIRE_THAT(first, IsSuccess());
  std::optional<Connected> second;
  const auto attempt = net::connect_pipe(loop.get(), path, test::kDeadline,
                                         [&](Connected result) { second = std::move(result); });
  loop.run_turns(5);
  REQUIRE_FALSE(second.has_value());

  SECTION("a place becomes free") {
    const Descriptor accepted(accept(server.get(), nullptr, nullptr));
    REQUIRE(loop.run_until([&] { return second.has_value(); }));
    CHECK_THAT(*second, IsSuccess());
    second.reset();
  }
  SECTION("cancelled") {
    attempt.cancel();
    attempt.cancel();
    CHECK_FALSE(second.has_value());
    REQUIRE(loop.run_until([&] { return second.has_value(); }));
    REQUIRE_FALSE(*second);
    CHECK(second->error().code() == uv_code(UV_ECANCELED));
  }
  SECTION("timed out") {
    const Connected third = connect(loop, path, 50ms);
    REQUIRE_FALSE(third);
    CHECK(third.error().code() == net::Errc::kTimeout);
    CHECK(test::mentions(third.error().message(), {"50 ms"}));
    attempt.cancel();
  }
  first = Error(net::Errc::kTimeout, "gone");
  REQUIRE(loop.run_out());
  attempt.cancel();  // the handler has run: nothing more happens
  REQUIRE(loop.run_out());
}
