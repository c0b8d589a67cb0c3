#pragma once

#include <optional>
#include <string>
#include <utility>

#include "kube/local/attach_fixture.h"
#include "kube/local/exec_fixture.h"
#include "support/test_loop.h"

namespace uvspdy::test::attach {

inline kube::AttachRequest watching() {
  kube::AttachRequest request;
  request.pod = "demo";
  return request;
}

inline kube::AttachRequest typing() {
  kube::AttachRequest request = watching();
  request.use_stdin = true;
  return request;
}

inline kube::AttachRequest on_tty() {
  kube::AttachRequest request = typing();
  request.tty = true;
  return request;
}

/// A server with a main process.
struct AttachHost : ExecHost {
  std::optional<int> exit_code;

  AttachHost(TestLoop& loop, kube::MainCommand command, ExecOptions options = {})
      : ExecHost(loop, std::move(options)) {
    const Error error = runtime().start_main(std::move(command), [this](int code) {
      CHECK_FALSE(exit_code);
      exit_code = code;
    });
    REQUIRE_THAT(error, IsSuccess());
    CHECK(runtime().commands() == 1);
  }

  /// Ends everything; the main process too if it still runs.
  void end(TestLoop& loop) {
    bool stopped = false;
    stop([&] { stopped = true; });
    stop_listening();
    REQUIRE(loop.run_until([&] { return stopped; }));
    CHECK(runtime().commands() == 0);
    CHECK(runtime().attached().clients == 0);
    CHECK(exit_code);
    REQUIRE(loop.run_out());
  }
};

inline kube::MainCommand shell(std::string script) {
  kube::MainCommand command;
  command.command = {"sh", "-c", std::move(script)};
  return command;
}

inline kube::MainCommand shell_with_stdin(std::string script) {
  kube::MainCommand command = shell(std::move(script));
  command.use_stdin = true;
  return command;
}

// Does what the lines of its stdin say.
inline constexpr const char* kObey =
    "while read line; do case $line in"
    " out*) echo \"$line\";; err*) echo \"$line\" >&2;; exit*) exit ${line#exit};;"
    " chunk*) seq 1 4000;; esac; done; echo end of stdin; exit 9";

}  // namespace uvspdy::test::attach
