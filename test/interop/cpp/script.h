#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transfer.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"

namespace uvspdy::interop {

/// One stream's life, step by step, as both ends have it before them: each does its own steps and
/// awaits the effect of the other's, so that the order is certain without waiting for time.
///
/// A step is who (c for the client, s for the server) and what: o opens, O opens with FLAG_FIN,
/// a accepts, A accepts and half-closes at once, d sends data, f half-closes, r resets.
class Script : public std::enable_shared_from_this<Script> {
 public:
  /// Called once, with what went wrong, or with an empty text.
  using DoneHandler = std::function<void(const std::string&)>;

  Script(char me, std::uint32_t index, std::string text, DoneHandler on_done);

  /// Client: creates the stream.
  void open(httpstream::Connection& connection);

  /// Server: the stream is there.
  void opened(std::shared_ptr<httpstream::Stream> stream, httpstream::StreamDecision decision);

 private:
  void attach(std::shared_ptr<httpstream::Stream> stream);
  void proceed();
  bool act(char what);
  bool seen(char what);
  bool send_data();
  void reset();
  bool half_close();
  void sent();
  void closed(const Error& error);
  std::string ending(const Error& error) const;
  void done(const std::string& problem);

  char me_;
  std::uint32_t index_;
  std::string text_;
  std::vector<std::string> steps_;
  DoneHandler on_done_;
  std::shared_ptr<httpstream::Stream> stream_;
  std::optional<httpstream::StreamDecision> decision_;
  PatternCheck check_;
  std::size_t next_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t awaited_ = 0;  // data of the peer's that the steps so far stand for
  bool ended_ = false;
  bool half_closed_ = false;
  bool ending_ = false;  // the end that the last step sent has not left yet
  std::optional<Error> closed_;
};

}  // namespace uvspdy::interop
