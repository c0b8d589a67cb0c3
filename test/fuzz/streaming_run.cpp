#include "streaming_run.h"

#include <array>
#include <limits>
#include <utility>

#include "line_check.h"
#include "support/pipe_transport.h"
#include "uvspdy/httpstream/http_exchange.h"
#include "uvspdy/httpstream/upgrade.h"

namespace uvspdy::fuzz {
namespace {

using Frame = HostilePeer::Frame;

constexpr std::array kFrames = {
    Frame::kRstStream, Frame::kSettings,     Frame::kPing,           Frame::kGoAway,
    Frame::kHeaders,   Frame::kWindowUpdate, Frame::kBadHeaderBlock, Frame::kSynReply,
};

constexpr std::chrono::milliseconds kNow{0};
constexpr std::chrono::milliseconds kNever = std::chrono::hours(1);

// A time limit is over at once, or is not reached.
std::chrono::milliseconds limit(std::uint8_t options, std::uint8_t bit) {
  return (options & bit) != 0 ? kNow : kNever;
}

kube::StreamingServerOptions options_of(std::uint8_t options) {
  kube::StreamingServerOptions made;
  made.connection.close_timeout = kNow;
  made.connection.slow_reader_timeout = kNow;
  made.close_grace = kNow;
  made.stream_creation_timeout = limit(options, 1);
  made.terminal_size_timeout = limit(options, 2);
  if ((options & 4) != 0) made.max_forwarded_connections = 2;
  if ((options & 8) != 0) {
    made.connection.session.limits.stream_buffer = 64;
    made.connection.session.limits.connection_buffer = 256;
    made.connection.session.limits.write_high_water = 64;
  }
  made.log = [](std::string_view line) { check_line(std::string(line)); };
  return made;
}

}  // namespace

std::string pattern(std::size_t size, std::size_t from) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>((from + i) * 13 + (from + i) / 253);
  }
  return text;
}

void StreamingRun::run(std::shared_ptr<kube::Runtime> runtime, kube::StreamingRequest request,
                       std::string protocols) {
  client_ = std::make_unique<StreamingClient>(up_, down_);
  server_ =
      std::make_unique<kube::StreamingServer>(loop(), std::move(runtime), options_of(input_.u8()));
  httpstream::HttpRequest head{"POST", "/", {{"Host", "h"}}};
  head.headers.add(httpstream::kHeaderConnection, httpstream::kHeaderUpgrade);
  head.headers.add(httpstream::kHeaderUpgrade, httpstream::kSpdy31);
  head.headers.add(httpstream::kHeaderProtocolVersion, protocols);
  server_->serve_authorized(
      httpstream::HttpExchange::create(std::make_unique<test::PipeTransport>(loop(), up_, down_),
                                       std::move(head)),
      std::move(request));
  while (!input_.empty()) step();

  // The client takes all and goes; what the Runtime holds goes, too.
  client_->set_capacity(test::PipeDirection::kNever);
  client_->end();
  for (int i = 0; i < 20; ++i) {
    loop_.turns(1);
    client_->take(std::numeric_limits<std::size_t>::max());
  }
  check();
  drop();
  bool stopped = false;
  server_->stop([&] { stopped = true; });
  loop_.run_out("a server that has stopped, and whose client and Runtime have gone, goes on");
  client_->take(std::numeric_limits<std::size_t>::max());
  check();
  require(stopped, "the handler of stop was not called");
  require(server_->connections() == 0, "a connection is left");
  server_.reset();
  loop_.run_out("the server's end leaves something behind");
}

void StreamingRun::step() {
  const std::uint8_t step = input_.u8();
  switch (step & 0x0f) {
    case 0:
    case 1:
    case 2:
    case 3: client_->open(stream_headers(), input_); break;
    case 4:
    case 5: {
      const wire::StreamId id = client_->choose(input_);
      client_->send(id, bytes_of(payload()), (step & 0x10) != 0);
      break;
    }
    case 6: {
      const wire::StreamId id = client_->choose(input_);
      const std::string text = pattern(input_.u16() & 0x3fff);
      client_->send(id, bytes_of(text), (step & 0x10) != 0);
      break;
    }
    case 7: {
      const wire::StreamId id = client_->choose(input_);
      client_->send_frame(kFrames[input_.below(kFrames.size())], id, input_);
      break;
    }
    case 8: client_->send_raw(input_.bytes(input_.u8())); break;
    case 9: loop_.turns(input_.below(8)); break;
    case 14: change_transport(); break;
    case 15:
      if ((step & 0x70) == 0x70) server_->stop({});
      break;
    default: act(); break;
  }
  if ((step & 0x80) == 0) loop_.turns(1);
  if (!client_is_slow_) client_->take(std::numeric_limits<std::size_t>::max());
  check();
}

void StreamingRun::change_transport() {
  switch (input_.below(5)) {
    case 0: client_->set_capacity(input_.u8()); break;
    case 1: client_->set_capacity(test::PipeDirection::kNever); break;
    case 2: up_->read_size = input_.u8() + 1u; break;
    case 3: client_is_slow_ = !client_is_slow_; break;
    case 4: client_->end(); break;
  }
}

}  // namespace uvspdy::fuzz
