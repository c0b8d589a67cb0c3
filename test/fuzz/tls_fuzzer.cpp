// TLS over a transport that is the attacker's: a client and a server of ours, between whom bytes
// are changed, lost, added, repeated, held up and cut, or one of the two alone. The random numbers
// of OpenSSL are made from the input, so that an input always gives the same bytes.
// docs/fuzzing.md has the format.

#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_set_rand_method, which providers do not replace simply
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz_input.h"
#include "fuzz_loop.h"
#include "line_check.h"
#include "support/certificates.h"
#include "support/pipe_transport.h"
#include "uvspdy/net/tls.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using test::PipeDirection;

// ---- random numbers

std::uint64_t random_state = 1;

int repeatable_bytes(unsigned char* out, int size) {
  for (int i = 0; i < size; ++i) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    out[i] = static_cast<unsigned char>(random_state >> 32);
  }
  return 1;
}
int always() { return 1; }

void make_random_numbers_repeatable() {
  static const RAND_METHOD method{
      .seed = nullptr,
      .bytes = repeatable_bytes,
      .cleanup = nullptr,
      .add = nullptr,
      .pseudorand = repeatable_bytes,
      .status = always,
  };
  require(RAND_set_rand_method(&method) == 1, "OpenSSL takes no random numbers");
}

// ---- certificates

// Valid from and to the same moments whenever the harness runs, so that its bytes stay the same.
test::CertificateOptions lasting(test::CertificateOptions options) {
  constexpr long kFrom = 1'700'000'000;  // 2023
  constexpr long kTo = 4'000'000'000;    // 2096
  const long now = static_cast<long>(std::time(nullptr));
  options.valid_from = kFrom - now;
  options.valid_to = kTo - now;
  return options;
}

struct Certificates {
  test::Certificate ca{lasting({.common_name = "CA", .is_ca = true})};
  test::Certificate server{lasting({.common_name = "server", .names = {"DNS:localhost"}}), ca};
  test::Certificate client{lasting({.common_name = "client"}), ca};
};

net::TlsKeyPair key_pair_of(const test::Certificate& certificate) {
  return {.certificate = {.text = certificate.pem()}, .key = {.text = certificate.key_pem()}};
}

struct Contexts {
  std::shared_ptr<net::TlsClientContext> client;
  std::shared_ptr<net::TlsServerContext> server;
};

// Whether the client shows a certificate, and how the server asks for one; which version is used
// at least. Sessions are not resumed, because that would make one input depend on another.
Contexts contexts(std::size_t kind) {
  static const Certificates certificates;
  net::TlsClientOptions client{.ca = {.text = certificates.ca.pem()}, .resume_sessions = false};
  net::TlsServerOptions server{.key_pair = key_pair_of(certificates.server),
                               .resume_sessions = false};
  if ((kind & 1) != 0) client.key_pair = key_pair_of(certificates.client);
  if ((kind & 2) != 0) {
    server.client_certificate =
        (kind & 1) != 0 ? net::ClientCertificate::kOptional : net::ClientCertificate::kRequired;
    server.client_ca = {.text = certificates.ca.pem()};
  }
  if ((kind & 4) != 0) server.min_version = net::TlsVersion::kTls13;
  const auto made_client = net::TlsClientContext::create(client);
  const auto made_server = net::TlsServerContext::create(server);
  require(made_client && made_server, "no context for TLS");
  return {*made_client, *made_server};
}

const Contexts& shared_contexts(std::size_t kind) {
  static std::array<std::optional<Contexts>, 8> made;
  std::optional<Contexts>& chosen = made[kind];
  if (!chosen) chosen = contexts(kind);
  return *chosen;
}

// ---- one side

/// One of the two sides: its handshake, and what its user does with the transport.
struct Side {
  net::Attempt attempt;
  bool done = false;
  std::unique_ptr<net::Transport> transport;  // null before the handshake, and when dropped
  std::string written;
  std::string received;
  bool shut_down = false;  ///< its user has ended its direction
  std::optional<Error> end;
  std::string writing;  ///< the bytes of a write that is under way
  bool is_writing = false;
  Bytes write_view;

  net::ConnectHandler handler() {
    return [this](Result<std::unique_ptr<net::Transport>> result) {
      require(!std::exchange(done, true), "a handshake ends twice");
      if (!result) return check_error(result.error());
      transport = std::move(*result);
      require(transport->tls() != nullptr, "TLS without a TlsInfo");
      transport->set_read_handlers(
          [this](Bytes bytes) {
            require(!end, "bytes after the end");
            received += text_of(bytes);
          },
          [this](const Error& error) {
            require(!end, "the end is reported twice");
            if (error) check_error(error);
            end = error;
          });
      transport->start_reading();
    };
  }

  std::string next_text(std::size_t size) const {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>((written.size() + i) * 7 + (written.size() + i) / 251);
    }
    return text;
  }

  void try_write(std::size_t size) {
    if (!transport || is_writing || shut_down) return;
    const std::string text = next_text(size);
    const Bytes view = bytes_of(text);
    const Result<std::size_t> taken = transport->try_write(std::span(&view, 1));
    if (taken) written += text.substr(0, *taken);
  }

  void write(std::size_t size) {
    if (!transport || is_writing || shut_down || size == 0) return;
    is_writing = true;
    writing = next_text(size);
    write_view = bytes_of(writing);
    // A part of the bytes may have been sent before the handler reports them.
    written += writing;
    transport->write(std::span(&write_view, 1), [this, size](const Result<std::size_t>& taken) {
      require(std::exchange(is_writing, false), "a write ends twice");
      require(!taken || (*taken > 0 && *taken <= size), "a write of more than its bytes");
      written.resize(written.size() - size + (taken ? *taken : size));
    });
  }

  void shut() {
    if (!transport || shut_down) return;
    shut_down = true;
    transport->shutdown([](const Error&) {});
  }

  void drop() {
    attempt.cancel();
    transport.reset();
  }
};

// ---- the run

class TlsRun {
 public:
  explicit TlsRun(Bytes input) : input_(input) {}

  void go() {
    const std::uint8_t options = input_.u8();
    random_state = 0x9e3779b97f4a7c15u + input_.u8();
    const Contexts& made = shared_contexts(options & 7);
    const std::size_t sides = (options >> 3) & 3;  // 0 and 3: both
    constexpr std::chrono::hours kNever{1};
    if (sides != 1) {
      server_.attempt =
          net::tls_accept(std::make_unique<test::PipeTransport>(loop_.get(), up_, down_),
                          made.server, kNever, server_.handler());
    }
    if (sides != 2) {
      client_.attempt =
          net::tls_connect(std::make_unique<test::PipeTransport>(loop_.get(), down_, up_),
                           made.client, "localhost", kNever, client_.handler());
    }
    while (!input_.empty()) {
      step();
      check();
    }
    finish();
  }

 private:
  static void wake(net::Wakeup* wakeup) {
    if (wakeup != nullptr) wakeup->schedule();
  }

  void step() {
    const std::uint8_t step = input_.u8();
    PipeDirection& direction = (step & 0x10) != 0 ? *down_ : *up_;
    Side& side = (step & 0x10) != 0 ? server_ : client_;
    switch (step & 0x0f) {
      case 0: loop_.turns(input_.below(16)); break;
      case 1: change(direction); break;
      case 2: insert(direction, input_.bytes(input_.u8())); break;
      case 3: lose(direction); break;
      case 4: repeat(direction); break;
      case 5: end(direction); break;
      case 6: direction.read_size = input_.u8() + 1u; break;
      case 7: set_capacity(direction, input_.u16()); break;
      case 8: insert_record(direction); break;
      case 9: side.try_write(input_.u16()); break;
      case 10: side.write(input_.u16()); break;
      case 11: side.shut(); break;
      case 12:
        if (side.transport) side.transport->stop_reading();
        break;
      case 13:
        if (side.transport) side.transport->start_reading();
        break;
      case 14:
        if (side.transport) close(*side.transport, (step & 0x20) != 0);
        break;
      case 15:
        if ((step & 0x60) == 0x60) side.drop();
        break;
    }
    if ((step & 0x80) == 0) loop_.turns(1);
  }

  std::size_t place(const PipeDirection& direction) {
    return direction.data.empty() ? 0 : input_.u16() % direction.data.size();
  }

  void change(PipeDirection& direction) {
    const std::size_t at = place(direction);
    const std::uint8_t bits = input_.u8();
    if (direction.data.empty() || bits == 0) return;
    direction.data[at] = static_cast<char>(static_cast<unsigned char>(direction.data[at]) ^ bits);
  }

  void insert(PipeDirection& direction, Bytes bytes) {
    direction.data.insert(place(direction), std::string(text_of(bytes)));
    wake(direction.reader);
  }

  // A record with any content: a type, a version, and a length that need not be right.
  void insert_record(PipeDirection& direction) {
    constexpr std::array<std::uint8_t, 5> kTypes = {20, 21, 22, 23, 24};
    const std::uint8_t choice = input_.u8();
    const Bytes content = input_.bytes(input_.u8());
    const std::size_t length = (choice & 0x80) != 0 ? input_.u16() : content.size();
    std::vector<std::uint8_t> record = {
        kTypes[choice % kTypes.size()], 3, static_cast<std::uint8_t>((choice >> 4) & 7),
        static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length & 0xff)};
    record.insert(record.end(), content.begin(), content.end());
    insert(direction, record);
  }

  void lose(PipeDirection& direction) {
    const std::size_t at = place(direction);
    const std::size_t count = input_.u8();
    if (direction.data.empty() || count == 0) return;
    direction.data.erase(at, count);
    wake(direction.writer);
  }

  void repeat(PipeDirection& direction) {
    const std::size_t at = place(direction);
    insert(direction, bytes_of(std::string(direction.data.substr(at, input_.u16()))));
  }

  static void end(PipeDirection& direction) {
    direction.ended = true;
    wake(direction.reader);
  }

  static void set_capacity(PipeDirection& direction, std::size_t capacity) {
    direction.capacity = capacity;
    wake(direction.writer);
  }

  static void close(net::Transport& transport, bool by_abort) {
    by_abort ? transport.abort({}) : transport.close({});
  }

  // Whatever happens to the bytes between them: what one side gets is what the other has sent, from
  // its beginning on, and an end in order means all of it.
  void check() const {
    check_direction(client_, server_);
    check_direction(server_, client_);
  }

  void check_direction(const Side& from, const Side& to) const {
    require(from.written.starts_with(to.received), "bytes that the other side has not sent");
    if (to.end && !*to.end) {
      require(from.shut_down && from.written == to.received,
              "an end in order that is none of the other side's");
    }
  }

  void finish() {
    for (const auto& direction : {up_, down_}) {
      set_capacity(*direction, PipeDirection::kNever);
      end(*direction);
    }
    loop_.turns(10);
    check();
    client_.drop();
    server_.drop();
    loop_.run_out("TLS that both sides have dropped goes on");
    require(up_->data.size() < kMost && down_->data.size() < kMost, "more output than its causes");
  }

  static constexpr std::size_t kMost = 64 * 1024 * 1024;

  FuzzInput input_;
  FuzzLoop loop_;
  std::shared_ptr<PipeDirection> up_ = std::make_shared<PipeDirection>();
  std::shared_ptr<PipeDirection> down_ = std::make_shared<PipeDirection>();
  Side client_;
  Side server_;
};

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvspdy::fuzz::make_random_numbers_repeatable();
  uvspdy::fuzz::TlsRun(uvspdy::Bytes(data, size)).go();
  return 0;
}
