#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "command_line/help.h"
#include "commands.h"
#include "dump/captured_connections.h"
#include "dump/frame_lines.h"
#include "dump/packet_capture.h"
#include "dump/recorded_stream.h"
#include "report.h"

namespace uvspdy::command {
namespace {

struct DumpOptions {
  std::string file;
  std::string reply;
  bool json = false;
  bool payload = false;
};

using Magic = std::array<std::uint8_t, 4>;

// pcap in either byte order, with micro- or nanoseconds, and pcapng. No SPDY frame begins so.
bool is_packet_capture(const Magic& magic) {
  constexpr std::array<Magic, 5> kMagics = {{{0xa1, 0xb2, 0xc3, 0xd4},
                                             {0xd4, 0xc3, 0xb2, 0xa1},
                                             {0xa1, 0xb2, 0x3c, 0x4d},
                                             {0x4d, 0x3c, 0xb2, 0xa1},
                                             {0x0a, 0x0d, 0x0d, 0x0a}}};
  return std::find(kMagics.begin(), kMagics.end(), magic) != kMagics.end();
}

/// One run of the command: prints, and keeps whether there was an error.
class Dump {
 public:
  explicit Dump(DumpOptions options) : options_(std::move(options)) {}

  int run() {
    if (!options_.file.empty()) dump_file(options_.file, Direction::kClientToServer);
    if (!options_.reply.empty()) dump_file(options_.reply, Direction::kServerToClient);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      fail(std::string("cannot write: ") + std::strerror(errno));
    }
    return exit_code_;
  }

 private:
  void dump_file(const std::string& name, Direction direction) {
    File file(name == "-" ? stdin : std::fopen(name.c_str(), "rb"));
    if (!file) return fail("cannot open " + name + ": " + std::strerror(errno));
    Magic magic{};
    if (!peek(file.get(), name, magic)) return;
    if (!is_packet_capture(magic)) return dump_bytes(std::move(file), name, direction);
    if (!options_.reply.empty()) {
      return fail(name + " is a packet capture, which has both directions: leave out --reply");
    }
    dump_capture(std::move(file), name);
  }

  // Reads the first bytes and pushes them back, which works for a pipe, too.
  bool peek(std::FILE* file, const std::string& name, Magic& magic) {
    const std::size_t size = std::fread(magic.data(), 1, magic.size(), file);
    if (std::ferror(file) != 0) {
      fail("cannot read " + name + ": " + std::strerror(errno));
      return false;
    }
    if (size == 0) {
      fail(name + " is empty");
      return false;
    }
    for (std::size_t i = size; i > 0; --i) {
      if (std::ungetc(magic[i - 1], file) == EOF) {
        fail("cannot read " + name + " from its beginning again");
        return false;
      }
    }
    return true;
  }

  void dump_bytes(File file, const std::string& name, Direction direction) {
    RecordedStream stream({direction, true, options_.payload});
    bool any = false;
    std::array<std::uint8_t, 64 * 1024> buffer;
    for (;;) {
      const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get());
      if (size == 0) break;
      const Error error = stream.take(Bytes(buffer).first(size), [&](const RecordedFrame& frame) {
        any = true;
        print(frame);
        if (const auto* bad = std::get_if<wire::InvalidHeaderBlock>(&frame.content)) {
          fail(name + ": byte " + std::to_string(frame.offset) + ": " + bad->error.message());
        }
      });
      if (error) return fail(name + ": " + error.message());
    }
    if (std::ferror(file.get()) != 0) {
      return fail("cannot read " + name + ": " + std::strerror(errno));
    }
    switch (stream.start().state()) {
      case SpdyStart::State::kLooking:
      case SpdyStart::State::kNotSpdy:
        return fail(name + ": no SPDY in it: " +
                    (stream.start().seen().empty() ? "it ends before" : stream.start().seen()));
      case SpdyStart::State::kSpdy: break;
    }
    if (stream.inside_frame()) {
      const std::string end =
          name + " ends inside the frame at byte " + std::to_string(stream.frame_offset());
      // Any bytes that are neither HTTP nor TLS look like the beginning of a frame.
      if (!any) return fail(end + ", and has no whole frame in it");
      note(end);
    }
  }

  void dump_capture(File file, const std::string& name) {
    CapturedConnections connections(options_.payload,
                                    {[&](const RecordedFrame& frame) { print(frame); },
                                     [&](const std::string& what) { fail(name + ": " + what); },
                                     [&](const std::string& what) { note(name + ": " + what); }});
    CaptureSummary summary;
    const Error error = read_packet_capture(
        std::move(file),
        [&](const TcpSegment& segment, std::int64_t time, std::int64_t since_first_packet) {
          connections.add(segment, time, since_first_packet);
        },
        summary);
    connections.finish();
    if (summary.cut_short > 0) {
      note(name + ": " + std::to_string(summary.cut_short) + " of " +
           std::to_string(summary.packets) +
           " packets were not captured whole; tcpdump -s 0 does that");
    }
    if (summary.fragments > 0) {
      note(name + ": " + std::to_string(summary.fragments) + " fragments of IP packets left out");
    }
    if (error) return fail(name + ": " + error.message());
    if (connections.count() == 0) fail(name + ": no SPDY connection in it");
  }

  void print(const RecordedFrame& frame) {
    // The endpoints are printed before a connection's first frame; in JSON each line has them.
    if (frame.place && frame.place->connection > last_connection_ && !options_.json) {
      last_connection_ = frame.place->connection;
      print_line("connection #" + std::to_string(last_connection_) + ": " + frame.place->client +
                 " > " + frame.place->server);
    }
    print_line(options_.json ? json_line(frame) : text_line(frame));
  }

  static void print_line(const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  }

  void fail(const std::string& what) {
    note(what);
    exit_code_ = 1;
  }

  // After the frames before it, if both go to the same terminal.
  static void note(const std::string& what) {
    std::fflush(stdout);
    report_error("dump", escaped(what));
  }

  DumpOptions options_;
  unsigned last_connection_ = 0;
  int exit_code_ = 0;
};

constexpr const char* kHelp =
    "FILE is one of\n"
    "  - a packet capture, pcap or pcapng, as tcpdump and Wireshark write it: the frames of both "
    "directions of every SPDY connection in it, on whatever port, in the order of the capture\n"
    "  - the bytes that a client sent, as 'socat -r FILE' or a proxy records them; --reply FILE is "
    "what the server sent ('socat -R FILE'), and may stand alone\n"
    "  - \"-\" for standard input\n"
    "An HTTP/1.1 upgrade in front of the frames is skipped. TLS must have been taken off "
    "before.\n\n"
    "\">\" is client to server, \"<\" server to client. Lines of a capture begin with the seconds "
    "since its first packet and the connection's number. What peers sent is escaped (\\xNN).\n\n"
    "Exit code: 0; 1 when something could not be read, frames are bad or missing (stderr says "
    "where), or there is no SPDY, for which even the first frame must be whole. A recording that "
    "ends inside a later one is no error, and stderr says so.\n";

constexpr const char* kExamples = R"(# A capture of a connection without TLS
tcpdump -i lo -w pod.pcap port 8080
uvspdy dump pod.pcap
# One JSON object a line, for jq
uvspdy dump --json pod.pcap | jq .
)";

}  // namespace

void add_dump(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("dump", "Print the frames of a recording or a capture.");
  auto options = std::make_shared<DumpOptions>();
  command->add_option("FILE", options->file, "The recording; see below");
  command->add_option("--reply", options->reply, "The bytes that the server sent");
  command->add_flag("--json", options->json, "One JSON object a line for each frame");
  command->add_flag("--payload", options->payload, "What is in DATA too; in JSON as hex digits");
  command->footer(kHelp);
  set_help(*command, {.words = {}, .examples = kExamples});
  command->callback([options, &exit_code] {
    if (options->file.empty() && options->reply.empty()) {
      exit_code =
          report_usage_error("dump", "give a FILE (uvspdy dump --help says what can be in it)");
      return;
    }
    if (options->file == "-" && options->reply == "-") {
      exit_code = report_usage_error("dump", "standard input can be read only once");
      return;
    }
    // Ends by SIGPIPE as other filters do, when the reader of the lines has gone.
    std::signal(SIGPIPE, SIG_DFL);
    exit_code = Dump(*options).run();
  });
}

}  // namespace uvspdy::command
