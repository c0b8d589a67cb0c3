#include <functional>
#include <utility>

#include "transfer.h"
#include "work.h"

namespace uvspdy::interop {
namespace {

using httpstream::Connection;
using httpstream::Stream;

Headers stream_headers(std::string_view type, std::uint64_t index, std::uint64_t bytes) {
  Headers headers = request_headers();
  headers.add("streamtype", type);
  headers.add("index", std::to_string(index));
  headers.add("bytes", std::to_string(bytes));
  return headers;
}

/// One stream's part of a transfer.
class Part : public std::enable_shared_from_this<Part> {
 public:
  /// Called once, with what went wrong, or with an empty text.
  using DoneHandler = std::function<void(const std::string&)>;

  Part(std::string_view direction, std::uint32_t index, std::uint64_t bytes, DoneHandler on_done)
      : uploads_(direction != "download"),
        downloads_(direction != "upload"),
        type_(direction == "upload"     ? "sink"
              : direction == "download" ? "source"
                                        : "echo"),
        index_(index),
        bytes_(bytes),
        check_(index, downloads_ ? bytes : 0),
        on_done_(std::move(on_done)) {}

  /// `stalled`: nothing is read before `read`.
  void open(Connection& connection, bool stalled = false) {
    connection.create_stream(stream_headers(type_, index_, bytes_),
                             [self = shared_from_this(), stalled](auto stream) {
                               if (!stream) return self->done(stream.error().message());
                               self->use(std::move(*stream), stalled);
                             });
  }

  void read() {
    stream_->on_data([self = shared_from_this()](Bytes bytes) { self->receive(bytes); });
  }

 private:
  void use(std::shared_ptr<Stream> stream, bool stalled) {
    stream_ = std::move(stream);
    if (!stalled) read();
    stream_->on_close([self = shared_from_this()](const Error& error) { self->closed(error); });
    if (uploads_) return PatternSender::start(stream_->take_writer(), index_, bytes_);
    // Not earlier: of a stream that both sides have ended spdy-transport knows nothing any more,
    // even while its own last bytes wait for a window, and it resets it for a WINDOW_UPDATE.
    stream_->on_end([self = shared_from_this()](const Error&) { self->stream_->close(); });
  }

  void receive(Bytes bytes) {
    if (!downloads_) {
      answer_ += text_of(bytes);
      return;
    }
    const std::string problem = check_.receive(bytes);
    if (!problem.empty()) done(problem);
  }

  void closed(const Error& error) {
    if (error) return done(error.message() + ", after " + check_.progress());
    if (!check_.complete()) return done("the end came after " + check_.progress());
    if (!downloads_ && answer_ != kReceived) return done("the answer was \"" + answer_ + "\"");
    done({});
  }

  void done(const std::string& problem) {
    const auto handler = std::exchange(on_done_, {});
    if (!handler) return;
    handler(problem.empty() ? "" : "stream " + std::to_string(index_) + ": " + problem);
  }

  bool uploads_;
  bool downloads_;
  std::string_view type_;
  std::uint32_t index_;
  std::uint64_t bytes_;
  PatternCheck check_;
  std::string answer_;
  DoneHandler on_done_;
  std::shared_ptr<Stream> stream_;
};

class Transfer : public Work {
 public:
  Transfer(Client& client, std::string_view direction) : client_(client), direction_(direction) {}

  void start(Connection& connection) override {
    for (std::uint64_t index = 0; index < client_.options().streams; ++index) {
      std::make_shared<Part>(direction_, static_cast<std::uint32_t>(index), client_.options().bytes,
                             [this](const std::string& problem) { part_done(problem); })
          ->open(connection);
    }
  }

  std::string result() const override {
    const std::string count = std::to_string(complete_);
    return direction_ + ": " + count + " of " + count + " streams with " +
           std::to_string(client_.options().bytes) + " bytes";
  }

 private:
  void part_done(const std::string& problem) {
    if (!problem.empty()) return client_.finish(problem);
    if (++complete_ == client_.options().streams) client_.finish({});
  }

  Client& client_;
  std::string direction_;
  std::uint64_t complete_ = 0;
};

class Stall : public Work {
 public:
  explicit Stall(Client& client) : client_(client) {}

  void start(Connection& connection) override {
    stalled_ =
        std::make_shared<Part>("download", 0, client_.options().bytes,
                               [this](const std::string& problem) { stalled_done(problem); });
    stalled_->open(connection, true);
    connection_ = &connection;
    for (std::uint32_t index = 1; index <= client_.options().streams; ++index) {
      std::make_shared<Part>("echo", index, kEchoed, [this](const std::string& problem) {
        echo_done(problem);
      })->open(connection);
    }
  }

  std::string result() const override {
    return "stall: " + std::to_string(echoed_) + " other streams echoed, then " +
           std::to_string(client_.options().bytes) + " bytes";
  }

 private:
  static constexpr std::uint64_t kEchoed = 100'000;  // more than a window

  void echo_done(const std::string& problem) {
    if (!problem.empty()) return client_.finish(problem);
    if (++echoed_ != client_.options().streams) return;
    // A peer that keeps to windows was stopped by the one that the stream began with.
    const session::Stats stats = connection_->stats();
    if (stats.flow_control == session::PeerFlowControl::kWindows &&
        stats.held_bytes > wire::kDefaultWindow) {
      return client_.finish("held " + std::to_string(stats.held_bytes) + " bytes");
    }
    stalled_->read();
  }

  void stalled_done(const std::string& problem) {
    if (!problem.empty()) return client_.finish("the stalled " + problem);
    const bool well = echoed_ == client_.options().streams;
    client_.finish(well ? "" : "the stalled stream ended ahead of the others");
  }

  Client& client_;
  Connection* connection_ = nullptr;
  std::shared_ptr<Part> stalled_;
  std::uint64_t echoed_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_transfer(Client& client, std::string_view direction) {
  return std::make_unique<Transfer>(client, direction);
}

std::unique_ptr<Work> make_stall(Client& client) { return std::make_unique<Stall>(client); }

}  // namespace uvspdy::interop
