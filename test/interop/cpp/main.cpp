// Our end of what the Go and the Node peer are tested with beyond echoes: transfers, stalls,
// scripts of half-closes and resets, header blocks (README.md). SPDY from the first byte, without
// an upgrade.

#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"
#include "number.h"
#include "report.h"
#include "server.h"
#include "stop_signal.h"
#include "work.h"

using namespace uvspdy;
using namespace uvspdy::interop;

namespace {

constexpr const char* kUsage =
    "usage:\n"
    "  spdy-peer serve [OPTIONS]\n"
    "  spdy-peer upload|download|echo|stall [--streams N] [--bytes M] [OPTIONS] TARGET\n"
    "  spdy-peer pings --count N [OPTIONS] TARGET\n"
    "  spdy-peer scripts [OPTIONS] TARGET <SCRIPTS\n"
    "  spdy-peer headers [--http] [OPTIONS] TARGET <SIZES\n"
    "\n"
    "options: --flow-control automatic|standard|none, --timeout SECONDS, --compression "
    "LEVEL|stored,WINDOW_BITS,MEMORY_LEVEL (may be\n"
    "repeated: one connection after another). TARGET is 127.0.0.1:PORT.\n";

int serve(uv_loop_t* loop, const Options& options) {
  Server server(options);
  const Result<std::string> target = server.start(loop);
  if (!target) {
    report(target.error().message());
    return kDisagreed;
  }
  const StopSignal signal(loop, [&server] { server.stop(); });
  std::cout << "listening on " << *target << std::endl;
  uv_run(loop, UV_RUN_DEFAULT);
  return kDone;
}

std::vector<std::string> lines_of_stdin() {
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);) lines.push_back(std::move(line));
  return lines;
}

std::unique_ptr<Work> make_work(const std::string& command, Client& client) {
  if (command == "upload" || command == "download" || command == "echo") {
    return make_transfer(client, command);
  }
  if (command == "stall") return make_stall(client);
  if (command == "pings") return make_pings(client);
  if (command == "scripts") return make_scripts(client, lines_of_stdin());
  if (command == "headers") return make_headers(client, lines_of_stdin());
  return nullptr;
}

/// Does a piece of work on one connection, or once with each compression.
class Runs {
 public:
  Runs(Client& client, Work& work) : client_(client), work_(work) {}

  void next() {
    client_.start(
        number_, [this](const session::FrameTrace& frame) { work_.frame(frame); },
        [this](httpstream::Connection& connection) { work_.start(connection); },
        [this](const std::string& problem) { done(problem); });
  }

  int exit_code() const { return exit_code_; }

 private:
  void done(const std::string& problem) {
    const auto& compressions = client_.options().compressions;
    if (!problem.empty()) {
      const bool one_of_many = compressions.size() > 1;
      report(problem + (one_of_many ? " (compression " + std::to_string(number_) + ")" : ""));
    } else if (++number_ < compressions.size()) {
      next();
    } else {
      std::cout << work_.result() << std::endl;
      report(std::string(name_of(client_.peer_flow_control())));
      exit_code_ = kDone;
    }
  }

  Client& client_;
  Work& work_;
  std::uint64_t number_ = 0;
  int exit_code_ = kDisagreed;
};

// ---- the command line

std::optional<wire::HeaderCompression> parse_compression(std::string_view text) {
  const std::size_t first = text.find(',');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find(',', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto level = parse_number(text.substr(0, first));
  const auto window_bits = parse_number(text.substr(first + 1, second - first - 1));
  const auto memory_level = parse_number(text.substr(second + 1));
  const bool stored = text.substr(0, first) == "stored";
  if ((!level && !stored) || !window_bits || !memory_level) return std::nullopt;
  return wire::HeaderCompression{.level = static_cast<int>(level.value_or(6)),
                                 .window_bits = static_cast<int>(*window_bits),
                                 .memory_level = static_cast<int>(*memory_level),
                                 .stored = stored};
}

std::optional<session::FlowControl> parse_flow_control(std::string_view text) {
  if (text == "automatic") return session::FlowControl::kAutomatic;
  if (text == "standard") return session::FlowControl::kStandard;
  if (text == "none") return session::FlowControl::kNone;
  return std::nullopt;
}

bool parse_option(const std::string& name, const std::string& value, Options& options) {
  if (name == "--flow-control") {
    const auto flow_control = parse_flow_control(value);
    options.session.flow_control = flow_control.value_or(options.session.flow_control);
    return flow_control.has_value();
  }
  if (name == "--compression") {
    const auto compression = parse_compression(value);
    if (compression) options.compressions.push_back(*compression);
    return compression.has_value();
  }
  const auto number = parse_number(value);
  if (!number) return false;
  if (name == "--bytes") {
    options.bytes = *number;
  } else if (name == "--streams" && *number > 0) {
    options.streams = *number;
  } else if (name == "--count" && *number > 0) {
    options.count = *number;
  } else if (name == "--timeout" && *number > 0) {
    options.timeout = std::chrono::seconds(*number);
  } else {
    return false;
  }
  return true;
}

/// The options behind the command's name; nothing when they make no sense.
std::optional<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--http") {
      options.http = true;
    } else if (!word->starts_with("--")) {
      if (!std::exchange(options.target, *word).empty()) return std::nullopt;
    } else if (word + 1 == words.end() || !parse_option(*word, *(word + 1), options)) {
      return std::nullopt;
    } else {
      ++word;
    }
  }
  return options;
}

int run(uv_loop_t* loop, const std::vector<std::string>& words) {
  const std::string command = words.empty() ? "" : words.front();
  const auto options =
      words.empty() ? std::nullopt : parse_options({words.begin() + 1, words.end()});
  if (options && command == "serve" && options->target.empty()) return serve(loop, *options);
  if (options && !options->target.empty()) {
    Client client(loop, *options);
    if (const auto work = make_work(command, client)) {
      Runs runs(client, *work);
      runs.next();
      uv_run(loop, UV_RUN_DEFAULT);
      return runs.exit_code();
    }
  }
  std::cerr << kUsage;
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv asks this of its users
  uv_loop_t loop;
  uv_loop_init(&loop);
  const int exit_code = run(&loop, {argv + 1, argv + argc});
  uv_run(&loop, UV_RUN_DEFAULT);  // handles take a turn to close
  if (uv_loop_close(&loop) != 0) {
    report("something still uses the loop");
    return kDisagreed;
  }
  return exit_code;
}
