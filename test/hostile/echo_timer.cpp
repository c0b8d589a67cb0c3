// The good connection beside an attack: sends a message of 16 bytes at each tick of a fixed
// schedule, and measures how long after its tick each comes back. A message that is sent or
// answered late counts from its tick, so that a server that stands still for a second shows in many
// messages.
//
//     echo-timer time HOST PORT [--tls] [--head FILE] [--frames FILE] [--replies N]
//                [--write STREAM] [--read STREAM] [--every MICROSECONDS] [--patience SECONDS]
//     echo-timer serve
//
// `time` sends the HTTP request of --head and reads the answer's head; sends the frames of
// --frames, which create the streams, and awaits N SYN_REPLYs; sends its messages as DATA on one
// stream and awaits them on the other, and prints "ready" after the first. Without --write the
// bytes are sent as they are, without SPDY. When its stdin ends, it sends no more and waits up to
// --patience for what is missing, then prints a line "TICK LATENCY" for each message, in
// microseconds of CLOCK_MONOTONIC, with -1 for one that never came back. It ends with 1, and a line
// on stderr, if it never became ready.
//
// `serve` sends back what comes on each TCP connection, for what a port-forward leads to.
//
// This program uses nothing of uvspdy: the measure must not depend on what is measured.

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

std::int64_t micros(Clock::time_point time) {
  return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw Failure(what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressList resolve(const char* host, const char* port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host, port, &hints, &found); code != 0) {
    throw Failure(::gai_strerror(code));
  }
  return {found, &::freeaddrinfo};
}

void set_no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool wait_readable(int descriptor, std::chrono::nanoseconds time) {
  pollfd entry{descriptor, POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec limit{seconds.count(), (time - seconds).count()};
  return ::ppoll(&entry, 1, &limit, nullptr) > 0;
}

/// A blocking TCP connection, with TLS or without; the server's certificate is not verified.
class Link {
 public:
  Link(const char* host, const char* port, bool tls) : socket_(connected(host, port)) {
    set_no_delay(socket_.get());
    if (!tls) return;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    session_.reset(SSL_new(context_.get()));
    SSL_set_fd(session_.get(), socket_.get());
    if (SSL_connect(session_.get()) != 1) throw Failure("the TLS handshake failed");
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      if (session_) {
        if (SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent) != 1) {
          throw Failure("the connection ended");
        }
      } else {
        const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0) fail_with_errno("send");
        sent = static_cast<std::size_t>(count);
      }
      bytes.remove_prefix(sent);
    }
  }

  /// Appends what there is, or what comes within `time`. Throws at the end of the connection.
  void receive(std::string& to, std::chrono::nanoseconds time) {
    if (!(session_ && SSL_pending(session_.get()) > 0) && !wait_readable(socket_.get(), time)) {
      return;
    }
    std::array<char, 65536> block{};
    std::size_t count = 0;
    if (session_) {
      if (SSL_read_ex(session_.get(), block.data(), block.size(), &count) != 1) {
        throw Failure("the connection ended");
      }
    } else {
      const ssize_t received = ::recv(socket_.get(), block.data(), block.size(), 0);
      if (received < 0) fail_with_errno("recv");
      if (received == 0) throw Failure("the connection ended");
      count = static_cast<std::size_t>(received);
    }
    to.append(block.data(), count);
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
  };

  static Descriptor connected(const char* host, const char* port) {
    const AddressList address = resolve(host, port, 0);
    Descriptor socket(::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), address->ai_addr, address->ai_addrlen) != 0) {
      fail_with_errno("connect");
    }
    return socket;
  }

  Descriptor socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> session_;
};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(at, 4)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

using Options = std::map<std::string, std::string>;

class Timer {
 public:
  Timer(const char* host, const char* port, const Options& options)
      : options_(options),
        every_(std::stoll(value("--every", "2000"))),
        patience_(std::stoll(value("--patience", "30"))),
        write_stream_(static_cast<std::uint32_t>(std::stoul(value("--write", "0")))),
        read_stream_(static_cast<std::uint32_t>(std::stoul(value("--read", "0")))),
        link_(host, port, options.contains("--tls")) {}

  void open() {
    const auto limit = Clock::now() + patience_;
    if (options_.contains("--head")) {
      link_.send(file("--head"));
      while (input_.find("\r\n\r\n") == std::string::npos) receive_before(limit);
      if (!input_.starts_with("HTTP/1.1 101 ")) {
        throw Failure("the upgrade was refused: " + input_.substr(0, input_.find('\r')));
      }
      input_.erase(0, input_.find("\r\n\r\n") + 4);
    }
    if (options_.contains("--frames")) link_.send(file("--frames"));
    const auto replies = std::stoul(value("--replies", "0"));
    take_input();
    while (replies_ < replies) receive_before(limit), take_input();
    // Now what echoes is there, a command or a connection behind the server.
    send_message(Clock::now());
    while (answered_ == 0) receive_before(limit), take_input();
    std::puts("ready");
    std::fflush(stdout);
  }

  void run() {
    try {
      auto tick = Clock::now();
      while (!wait_readable(STDIN_FILENO, std::chrono::nanoseconds(0))) {
        for (; tick <= Clock::now(); tick += every_) send_message(tick);
        link_.receive(input_, std::max(Clock::duration::zero(), tick - Clock::now()));
        take_input();
      }
      const auto limit = Clock::now() + patience_;
      while (answered_ < messages_.size() && Clock::now() < limit) {
        link_.receive(input_, limit - Clock::now());
        take_input();
      }
    } catch (const Failure& failure) {
      std::fprintf(stderr, "echo-timer: %s\n", failure.what());
    }
  }

  void print() const {
    for (const Message& message : messages_) {
      std::printf("%lld %lld\n", static_cast<long long>(message.tick),
                  static_cast<long long>(message.latency));
    }
  }

 private:
  struct Message {
    std::int64_t tick = 0;
    std::int64_t latency = -1;
  };

  static constexpr std::size_t kMessageSize = 16;

  std::string value(const std::string& name, const std::string& otherwise) const {
    const auto found = options_.find(name);
    return found == options_.end() ? otherwise : found->second;
  }

  std::string file(const std::string& name) const {
    std::ifstream stream(value(name, ""), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  void receive_before(Clock::time_point limit) {
    const auto left = limit - Clock::now();
    if (left <= Clock::duration::zero()) throw Failure("no answer within the patience");
    link_.receive(input_, left);
  }

  void send_message(Clock::time_point tick) {
    std::string message = std::string(kMessageSize - 8, '\0') + big_endian(messages_.size(), 8);
    if (write_stream_ != 0) {
      message.insert(0, big_endian(write_stream_, 4) + big_endian(kMessageSize, 4));
    }
    messages_.push_back({micros(tick), -1});
    link_.send(message);
  }

  void take_input() {
    if (write_stream_ == 0) {
      echoed_ += std::exchange(input_, {});
    } else {
      take_frames();
    }
    std::string_view rest = echoed_;
    for (; rest.size() >= kMessageSize; rest.remove_prefix(kMessageSize)) take_message(rest);
    echoed_.erase(0, echoed_.size() - rest.size());
  }

  void take_frames() {
    std::string_view rest = input_;
    while (rest.size() >= 8) {
      const std::size_t size = 8 + (number_at(rest, 4) & 0xffffff);
      if (rest.size() < size) break;
      take_frame(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    input_.erase(0, input_.size() - rest.size());
  }

  void take_frame(std::string_view frame) {
    constexpr std::uint32_t kSynReply = 0x80030002;
    constexpr std::uint32_t kReset = 0x80030003;
    constexpr std::uint32_t kPing = 0x80030006;
    const std::uint32_t first = number_at(frame, 0);
    if (first == read_stream_) echoed_ += frame.substr(8);
    if (first == kSynReply) ++replies_;
    // This program sends no PING of its own.
    if (first == kPing) link_.send(frame);
    if (first == kReset && number_at(frame, 8) == write_stream_) {
      throw Failure("the stream was reset with status " + std::to_string(number_at(frame, 12)));
    }
  }

  void take_message(std::string_view rest) {
    if (number_at(rest, 12) != answered_ || answered_ == messages_.size()) {
      throw Failure("something else than the next message came back");
    }
    Message& message = messages_[answered_++];
    message.latency = micros(Clock::now()) - message.tick;
  }

  const Options& options_;
  microseconds every_;
  std::chrono::seconds patience_;
  std::uint32_t write_stream_;
  std::uint32_t read_stream_;
  Link link_;
  std::string input_;
  std::string echoed_;
  std::size_t replies_ = 0;
  std::vector<Message> messages_;
  std::size_t answered_ = 0;
};

int time_echoes(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t at = 2; at < words.size(); ++at) {
    const std::string& name = words[at];
    const bool has_value = name != "--tls" && at + 1 < words.size();
    options[name] = has_value ? words[++at] : "";
  }
  Timer timer(words[0].c_str(), words[1].c_str(), options);
  timer.open();
  timer.run();
  timer.print();
  return 0;
}

void echo(const Descriptor& socket) {
  std::vector<char> block(65536);
  while (true) {
    const ssize_t count = ::recv(socket.get(), block.data(), block.size(), 0);
    if (count <= 0) return;
    for (ssize_t sent = 0; sent < count;) {
      const auto left = static_cast<std::size_t>(count - sent);
      const ssize_t now = ::send(socket.get(), block.data() + sent, left, MSG_NOSIGNAL);
      if (now < 0) return;
      sent += now;
    }
  }
}

int serve() {
  const AddressList address = resolve("127.0.0.1", "0", AI_PASSIVE);
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), address->ai_addr, address->ai_addrlen) != 0) fail_with_errno("bind");
  if (::listen(listener.get(), SOMAXCONN) != 0) fail_with_errno("listen");
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener.get(), static_cast<sockaddr*>(static_cast<void*>(&bound)), &size);
  std::printf("listening on 127.0.0.1:%d\n", ntohs(bound.sin_port));
  std::fflush(stdout);
  while (true) {
    Descriptor socket(::accept(listener.get(), nullptr, nullptr));
    if (socket.get() < 0) continue;
    set_no_delay(socket.get());
    std::thread([own = std::move(socket)] { echo(own); }).detach();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // A server that is told to stop has ended in order.
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words == std::vector<std::string>{"serve"}) return serve();
    if (words.size() >= 3 && words[0] == "time") {
      return time_echoes({words.begin() + 1, words.end()});
    }
    std::fputs("usage: echo-timer time HOST PORT [OPTIONS] | serve\n", stderr);
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "echo-timer: %s\n", failure.what());
    return 1;
  }
}
