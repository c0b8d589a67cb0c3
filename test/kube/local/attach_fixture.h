#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/test_loop.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::test {

/// A client of exec or attach by hand: it opens the streams that its request promises, as kubectl
/// does, and can go away or stop reading in any manner.
struct ManualClient {
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  std::shared_ptr<httpstream::Connection> connection;
  StreamPtr error;
  StreamPtr standard_input;
  StreamPtr standard_output;
  StreamPtr standard_error;
  StreamPtr resize;
  std::string output;
  std::string error_output;
  std::string status_text;
  bool ended = false;  // of the error stream
  bool closed = false;

  /// A terminal's first size follows the last stream, as with kubectl.
  ManualClient(TestLoop& loop, std::uint16_t port, const kube::ExecRequest& request,
               std::string_view protocol = kube::kProtocolV4, kube::TerminalSize size = {})
      : ManualClient(loop, port, kube::requested_streams(request), kube::exec_target(request),
                     protocol) {
    if (resize) set_size(size);
  }
  ManualClient(TestLoop& loop, std::uint16_t port, const kube::AttachRequest& request)
      : ManualClient(loop, port, kube::requested_streams(request), kube::attach_target(request),
                     kube::kProtocolV4) {
    if (resize) set_size({});
  }
  ManualClient(const ManualClient&) = delete;
  ManualClient& operator=(const ManualClient&) = delete;

  /// How it has ended; it must have.
  kube::Status status() const {
    REQUIRE(ended);
    const auto status = kube::parse_status(status_text);
    INFO(status_text);
    REQUIRE_THAT(status, IsSuccess());
    return *status;
  }

  /// The exit code that it must have been told.
  int code() const {
    const auto code = kube::exit_code(status());
    INFO(status_text);
    REQUIRE_THAT(code, IsSuccess());
    return *code;
  }

  bool shows(std::string_view text) const { return output.find(text) != std::string::npos; }
  void type(std::string_view text) const {
    CHECK_THAT(standard_input->write(Buffer::copy_of(text)), IsSuccess());
  }
  /// Types until nothing is taken any more, to a process that does not read.
  void fill_stdin(TestLoop& loop) const {
    type(std::string(1 << 20, 'x') + "\n");
    std::size_t before = 0;
    std::size_t left = 0;
    do {
      before = left;
      bool passed = false;
      connection->ping([&passed](const auto&) { passed = true; });
      REQUIRE(loop.run_until([&] { return passed; }));
      loop.run_turns(10);
      const auto stats = standard_input->stats();
      REQUIRE(stats);
      left = stats->queued_bytes;
    } while (left != before);
    CHECK(left > 0);
  }
  void set_size(kube::TerminalSize size) const {
    CHECK_THAT(resize->write(Buffer(kube::to_json(size))), IsSuccess());
  }

 private:
  ManualClient(TestLoop& loop, std::uint16_t port, kube::RequestedStreams requested,
               std::string target, std::string_view protocol) {
    httpstream::Url url;
    url.host = "127.0.0.1";
    url.port = port;
    url.target = std::move(target);
    int missing = 1;
    httpstream::Dialer(loop.get(), url)
        .dial({std::string(protocol)}, [&](Result<httpstream::Dialed> dialed) {
          CHECK_THAT(dialed, IsSuccess());
          if (!dialed) return;
          connection = dialed->connection;
          connection->on_close([this](const Error&) { closed = true; });
          create(kube::kStreamTypeError, error, missing);
          if (requested.standard_input) create(kube::kStreamTypeStdin, standard_input, missing);
          if (requested.standard_output) create(kube::kStreamTypeStdout, standard_output, missing);
          if (requested.standard_error) create(kube::kStreamTypeStderr, standard_error, missing);
          if (requested.terminal) create(kube::kStreamTypeResize, resize, missing);
          --missing;
        });
    REQUIRE(loop.run_until([&] { return missing == 0; }));
    collect(standard_output, output);
    collect(standard_error, error_output);
    collect(error, status_text);
    // As clients do: whoever has its status closes.
    error->on_end([this](const Error& how) {
      if (how) return;
      ended = true;
      connection->close();
    });
    if (standard_input) standard_input->on_data([](Bytes) {});
  }

  void create(std::string_view type, StreamPtr& place, int& missing) {
    ++missing;
    connection->create_stream({{kube::kHeaderStreamType, type}},
                              [&place, &missing](Result<StreamPtr> stream) {
                                CHECK_THAT(stream, IsSuccess());
                                if (!stream) return;
                                place = *stream;
                                --missing;
                              });
  }

  static void collect(const StreamPtr& stream, std::string& text) {
    if (stream) stream->on_data([&text](Bytes bytes) { text += text_of(bytes); });
  }
};

}  // namespace uvspdy::test
