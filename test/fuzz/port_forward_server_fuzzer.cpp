// The server's side of portforward: a StreamingServer, a client who sends anything, and a Runtime
// who answers each forwarded connection in any way, with targets who send, end and break at any
// time. docs/fuzzing.md has the format.

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "streaming_run.h"
#include "support/pipe_transport.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

constexpr const char* kTypes[] = {"error", "data", ""};
constexpr const char* kPorts[] = {"80", "443", "0", "65536", "-1", "080", ""};
constexpr const char* kIds[] = {"0", "1", "2", ""};
constexpr const char* kPayloads[] = {"GET / HTTP/1.0\r\n\r\n", ""};
constexpr const char* kProtocols[] = {"portforward.k8s.io", "portforward.k8s.io, other", "other"};

/// One forwarded connection as the Runtime has it.
struct Forwarded {
  std::shared_ptr<kube::ForwardedConnection> connection;  // until it is dropped
  bool gone = false;
  std::shared_ptr<httpstream::Stream> by_hand;
  // The two directions of a target, if there is one.
  std::shared_ptr<test::PipeDirection> to_target;
  std::shared_ptr<test::PipeDirection> from_target;
  std::string received;  ///< by the target or the Runtime
  std::string sent;      ///< by the target or the Runtime
};

class ForwardRun final : public StreamingRun {
 public:
  using StreamingRun::StreamingRun;

  void go() {
    acts_in_handlers_ = input().flag();
    std::string protocols = text_from(input(), kProtocols);
    run(std::make_shared<Runtime>(*this), kube::PortForwardRequest{.pod = "pod"},
        std::move(protocols));
  }

 private:
  class Runtime final : public kube::Runtime {
   public:
    explicit Runtime(ForwardRun& run) : run_(run) {}
    void exec(kube::ExecRequest, std::shared_ptr<kube::ServedCommand>) override {
      violation("a port-forward becomes an exec");
    }
    void attach(kube::AttachRequest, std::shared_ptr<kube::ServedCommand>) override {
      violation("a port-forward becomes an attach");
    }
    void port_forward(kube::PortForwardRequest,
                      std::shared_ptr<kube::ForwardedConnection> connection) override {
      run_.begin(std::move(connection));
    }

   private:
    ForwardRun& run_;
  };

  void begin(std::shared_ptr<kube::ForwardedConnection> connection) {
    require(connection->port() != 0, "a connection to port 0");
    auto forwarded = std::make_shared<Forwarded>();
    forwarded->connection = std::move(connection);
    forwarded_.push_back(std::move(forwarded));
    if (acts_in_handlers_) act();
  }

  Headers stream_headers() override {
    Headers headers;
    headers.add(kube::kHeaderStreamType, text_from(input(), kTypes));
    headers.add(kube::kHeaderPort, text_from(input(), kPorts));
    const std::string id = text_from(input(), kIds);
    if (!id.empty()) headers.add(kube::kHeaderRequestId, id);
    if (input().flag()) headers.add(kube::kHeaderResetIsBreak, "1");
    return headers;
  }
  std::string payload() override { return text_from(input(), kPayloads); }

  void act() override {
    const std::uint8_t act = input().u8();
    if (forwarded_.empty()) return;
    // A copy: an act inside a handler may come while the vector grows.
    const std::shared_ptr<Forwarded> chosen = forwarded_[(act >> 4) % forwarded_.size()];
    Forwarded& one = *chosen;
    switch (act & 0x0f) {
      case 0:
      case 1: return connect(one);
      case 2:
        if (one.connection) one.connection->fail(text_of(input().bytes(input().u8())));
        return;
      case 3: return take_by_hand(chosen);
      case 4: one.connection = nullptr; return;
      case 5: return set_on_gone(chosen);
      case 6:
      case 7: return send(one);
      case 8: return end(one);
      case 9:
        if (one.by_hand) one.by_hand->reset();
        return;
      case 10: one.by_hand = nullptr; return;
      case 11:
      case 12: return receive(one, input().u16());
      case 13:
        if (one.to_target) {
          one.to_target->capacity = input().u8();
          wake(one.to_target->writer);
        }
        return;
      case 14:
        if (one.from_target) one.from_target->read_size = input().u8() + 1u;
        return;
      case 15: return receive(one, std::numeric_limits<std::size_t>::max());
    }
  }

  static void wake(net::Wakeup* wakeup) {
    if (wakeup != nullptr) wakeup->schedule();
  }

  void connect(Forwarded& one) {
    if (!one.connection || one.to_target || one.by_hand) return;
    one.to_target = std::make_shared<test::PipeDirection>();
    one.from_target = std::make_shared<test::PipeDirection>();
    one.connection->connect_to(
        std::make_unique<test::PipeTransport>(loop(), one.from_target, one.to_target));
  }

  void take_by_hand(const std::shared_ptr<Forwarded>& one) {
    if (!one->connection || one->to_target || one->by_hand) return;
    one->by_hand = one->connection->take_data_stream();
    if (!one->by_hand) return;
    const std::weak_ptr<Forwarded> weak = one;
    one->by_hand->on_data([this, weak](Bytes bytes) {
      if (const auto self = weak.lock()) self->received += text_of(bytes);
      if (acts_in_handlers_) act();
    });
    one->by_hand->on_end([this](const Error&) {
      if (acts_in_handlers_) act();
    });
  }

  void set_on_gone(const std::shared_ptr<Forwarded>& one) {
    if (!one->connection) return;
    const std::weak_ptr<Forwarded> weak = one;
    one->connection->on_gone([this, weak] {
      if (const auto self = weak.lock()) {
        require(!std::exchange(self->gone, true), "on_gone is called twice");
      }
      if (acts_in_handlers_) act();
    });
  }

  void send(Forwarded& one) {
    const std::string text = pattern(input().u16() & 0x7ff, one.sent.size());
    if (one.by_hand) {
      if (!one.by_hand->write(Buffer(std::string(text)))) one.sent += text;
    } else if (one.from_target && !one.from_target->ended) {
      one.sent += text.substr(0, one.from_target->put(bytes_of(text)));
    }
  }

  static void end(Forwarded& one) {
    if (one.by_hand) one.by_hand->close();
    if (one.from_target) {
      one.from_target->ended = true;
      wake(one.from_target->reader);
    }
  }

  static void receive(Forwarded& one, std::size_t most) {
    if (!one.to_target) return;
    one.received += one.to_target->data.substr(0, most);
    one.to_target->data.erase(0, most);
    wake(one.to_target->writer);
  }

  void drop() override {
    const auto all = std::exchange(forwarded_, {});
    for (const auto& one : all) {
      one->connection = nullptr;
      one->by_hand = nullptr;
      if (one->to_target) one->to_target->capacity = test::PipeDirection::kNever;
      receive(*one, std::numeric_limits<std::size_t>::max());
      end(*one);
      check_one(*one);
    }
    dropped_ = all;  // for what the client still has to take
  }

  void check() override {
    for (const auto& one : forwarded_) check_one(*one);
    if (!client().knows_streams()) return;
    for (const auto& [id, stream] : client().streams()) {
      if (stream.received.empty()) continue;
      if (stream.headers.get(kube::kHeaderStreamType) == kube::kStreamTypeError) {
        require(stream.received.starts_with("error ") ||
                    stream.received.find("timed out") != std::string::npos,
                "a text on the error stream that is no error");
      } else {
        check_data(stream);
      }
    }
  }

  void check_one(const Forwarded& one) const {
    require(client().has_sent(one.received), "a target gets what the client has not sent");
  }

  void check_data(const StreamingClient::Stream& stream) const {
    const auto has_sent = [&](const auto& one) { return one->sent.starts_with(stream.received); };
    require(std::any_of(forwarded_.begin(), forwarded_.end(), has_sent) ||
                std::any_of(dropped_.begin(), dropped_.end(), has_sent),
            "the client gets what no target has sent");
  }

  bool acts_in_handlers_ = false;
  std::vector<std::shared_ptr<Forwarded>> forwarded_;
  std::vector<std::shared_ptr<Forwarded>> dropped_;
};

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvspdy::fuzz::ForwardRun(uvspdy::Bytes(data, size)).go();
  return 0;
}
