#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "report.h"
#include "uvspdy/version.h"

namespace uvspdy::command {
namespace {

bool takes_command_words(int argc, char** argv) {
  return argc > 1 && (argv[1] == std::string_view("exec") || argv[1] == std::string_view("serve"));
}

int run(int argc, char** argv) {
  // Writing to a peer or command that has gone must be an error that is reported, not the end of
  // this process.
  std::signal(SIGPIPE, SIG_IGN);
  // So must writing to a file that has the size that `ulimit -f` allows. Commands that this process
  // starts get all signals back.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App app{"Kubernetes streaming over SPDY/3.1, client and server"};
  app.set_version_flag("--version", std::string("uvspdy ") + kVersionText);
  app.require_subcommand(1);
  int exit_code = 0;
  // Words after "--" are a command's of its own, which the parser must not read: it would interpret
  // brackets and the like. For other subcommands these words are arguments as those before "--".
  char** const last = argv + argc;
  char** const dashes =
      takes_command_words(argc, argv) ? std::find(argv, last, std::string_view("--")) : last;
  const std::vector<std::string> words(dashes == last ? last : dashes + 1, last);
  add_serve(app, words, exit_code);
  add_exec(app, words, exit_code);
  add_cp(app, exit_code);
  add_port_forward(app, exit_code);
  add_attach(app, exit_code);
  add_demo(app, exit_code);
  add_dump(app, exit_code);
  try {
    app.parse(static_cast<int>(dashes - argv), argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  } catch (const std::exception& error) {
    // Above all std::bad_alloc.
    report_line(std::string("uvspdy: ") + error.what());
    return 1;
  }
  return exit_code;
}

}  // namespace
}  // namespace uvspdy::command

int main(int argc, char** argv) { return uvspdy::command::run(argc, argv); }
