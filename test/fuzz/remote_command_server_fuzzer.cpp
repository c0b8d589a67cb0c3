// The server's side of exec and attach: a StreamingServer, a client who sends anything, and a
// Runtime who does anything with the command, also inside handlers. docs/fuzzing.md has the format.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "streaming_run.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/kube/protocol/status.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using httpstream::HalfState;
using httpstream::StreamReader;
using httpstream::StreamWriter;

constexpr const char* kTypes[] = {"error", "stdin", "stdout", "stderr", "resize", ""};
constexpr const char* kPayloads[] = {"{\"Width\":80,\"Height\":24}",
                                     "{\"Width\":0,\"Height\":0}",
                                     "{\"Width\":",
                                     "65536}",
                                     "{",
                                     "}"};
constexpr const char* kProtocols[] = {"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io",
                                      "channel.k8s.io",
                                      "v9.channel.k8s.io, v4.channel.k8s.io,channel.k8s.io"};

/// What the Runtime has of the command.
struct Command {
  std::shared_ptr<kube::ServedCommand> served;
  StreamReader input;
  std::string read;
  bool input_over = false;
  std::array<StreamWriter, 2> outputs;
  std::array<std::string, 2> written;
  std::array<bool, 2> ended{};
  std::optional<kube::Status> status;  // the first that was reported
  bool gone = false;
};

class CommandRun final : public StreamingRun {
 public:
  using StreamingRun::StreamingRun;

  void go() {
    const std::uint8_t flags = input().u8();
    acts_in_handlers_ = (flags & 0x20) != 0;
    std::string protocols = text_from(input(), kProtocols);
    kube::ExecRequest exec;
    exec.pod = "pod";
    exec.command = {"true"};
    exec.use_stdin = (flags & 1) != 0;
    exec.use_stdout = (flags & 2) == 0;
    exec.use_stderr = (flags & 4) == 0;
    exec.tty = (flags & 8) != 0;
    kube::StreamingRequest request = exec;
    if ((flags & 0x10) != 0) {
      request = kube::AttachRequest{.pod = exec.pod,
                                    .use_stdin = exec.use_stdin,
                                    .use_stdout = exec.use_stdout,
                                    .use_stderr = exec.use_stderr,
                                    .tty = exec.tty};
    }
    run(std::make_shared<Runtime>(*this), std::move(request), std::move(protocols));
  }

 private:
  class Runtime final : public kube::Runtime {
   public:
    explicit Runtime(CommandRun& run) : run_(run) {}
    void exec(kube::ExecRequest, std::shared_ptr<kube::ServedCommand> command) override {
      run_.begin(std::move(command));
    }
    void attach(kube::AttachRequest, std::shared_ptr<kube::ServedCommand> command) override {
      run_.begin(std::move(command));
    }
    void port_forward(kube::PortForwardRequest,
                      std::shared_ptr<kube::ForwardedConnection>) override {
      violation("a command becomes a port-forward");
    }

   private:
    CommandRun& run_;
  };

  void begin(std::shared_ptr<kube::ServedCommand> served) {
    require(!began_, "the Runtime gets a second command");
    began_ = true;
    command_.served = std::move(served);
    check_size(command_.served->terminal_size());
    if (acts_in_handlers_) act();
  }

  static void check_size(kube::TerminalSize size) {
    require((size.width == 0) == (size.height == 0), "a terminal's size of half a zero");
  }

  Headers stream_headers() override {
    Headers headers;
    headers.add(kube::kHeaderStreamType, text_from(input(), kTypes));
    return headers;
  }
  std::string payload() override { return text_from(input(), kPayloads); }

  void act() override {
    const std::uint8_t act = input().u8();
    const std::size_t which = act >> 7;
    StreamWriter& output = command_.outputs[which];
    switch (act & 0x0f) {
      case 0: return take_input();
      case 1: return command_.input.pause();
      case 2: return command_.input.resume();
      case 3: return command_.input.discard();
      case 4: command_.input = {}; return;
      case 5: return take_output(which);
      case 6:
      case 7: return write(which);
      case 8: command_.ended[which] = true; return output.end();
      case 9: command_.ended[which] = true; return output.end_with_reset();
      case 10: return output.reset();
      case 11: output = {}; return;
      case 12: return set_handlers();
      case 13:
      case 14: return finish();
      case 15: return drop_command();
    }
  }

  void take_input() {
    if (!command_.served || command_.input) return;
    command_.input = command_.served->take_standard_input();
    command_.input.on_data([this](Bytes bytes) {
      require(!command_.input_over, "input after its end");
      command_.read += text_of(bytes);
      if (acts_in_handlers_) act();
    });
    command_.input.on_end([this](const Error&) {
      require(!command_.input_over, "the input's end is reported twice");
      command_.input_over = true;
      if (acts_in_handlers_) act();
    });
  }

  void take_output(std::size_t which) {
    if (!command_.served || command_.outputs[which]) return;
    command_.outputs[which] = which == 0 ? command_.served->take_standard_output()
                                         : command_.served->take_standard_error();
  }

  void write(std::size_t which) {
    std::string& written = command_.written[which];
    const std::string text = pattern(input().u16() & 0x7ff, written.size());
    if (!command_.outputs[which].write(Buffer(std::string(text)))) written += text;
  }

  void set_handlers() {
    if (!command_.served) return;
    command_.served->on_resize([this](kube::TerminalSize size) {
      require(size.width > 0 && size.height > 0, "a terminal's size with a zero is reported");
      if (acts_in_handlers_) act();
    });
    command_.served->on_gone([this] {
      require(!command_.gone, "on_gone is called twice");
      command_.gone = true;
      if (acts_in_handlers_) act();
    });
  }

  void finish() {
    if (!command_.served) return;
    const std::uint8_t choice = input().u8();
    kube::Status status = kube::exit_status(choice & 0x7f);
    if ((choice & 0x80) != 0) {
      status = kube::failure_status(500, "InternalError", text_of(input().bytes(choice & 0x7f)));
    }
    if (!command_.status) command_.status = status;
    command_.served->finish(status);
  }

  // A command that is dropped without a status has failed.
  void drop_command() {
    if (!command_.served) return;
    if (!command_.status) command_.status = kube::Status{.success = false};
    command_.served = nullptr;
  }

  void drop() override {
    drop_command();
    command_.input = {};
    command_.outputs = {};
  }

  void check() override {
    require(client().has_sent(command_.read), "the command reads what the client has not sent");
    if (!client().knows_streams()) return;
    for (const auto& [id, stream] : client().streams()) {
      const std::string type(stream.headers.get(kube::kHeaderStreamType).value_or(""));
      if (!stream.replied || stream.received.empty()) continue;
      if (type == kube::kStreamTypeError) {
        check_result(stream);
      } else {
        require(type == kube::kStreamTypeStdout || type == kube::kStreamTypeStderr,
                "payload on a stream that carries none");
        check_output(stream, type == kube::kStreamTypeStdout ? 0 : 1);
      }
    }
  }

  void check_output(const StreamingClient::Stream& stream, std::size_t which) const {
    require(command_.written[which].starts_with(stream.received),
            "the client gets output that the command has not written");
  }

  // A result in JSON, which only v4 has, is a Status, and no success but the command's.
  void check_result(const StreamingClient::Stream& stream) const {
    if (!stream.ended || !stream.received.starts_with("{\"metadata\"")) return;
    const auto status = kube::parse_status(stream.received);
    require(static_cast<bool>(status), "the result is no Status");
    require(!status->success || (command_.status && command_.status->success),
            "the client is told of a success that there was not");
  }

  bool acts_in_handlers_ = false;
  bool began_ = false;
  Command command_;
};

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvspdy::fuzz::CommandRun(uvspdy::Bytes(data, size)).go();
  return 0;
}
