#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"

// What a client can do with a server: each calls Client::finish, and sets the line that tells of
// its success.

namespace uvspdy::interop {

/// A piece of work on one connection.
class Work {
 public:
  virtual ~Work() = default;

  virtual void start(httpstream::Connection& connection) = 0;

  /// Of the connection's frames, as they come and go.
  virtual void frame(const session::FrameTrace&) {}

  /// What was done, for stdout.
  virtual std::string result() const = 0;
};

/// Sends patterns ("upload"), has them sent ("download"), or has them echoed ("echo"), on many
/// streams at once.
std::unique_ptr<Work> make_transfer(Client& client, std::string_view direction);

/// Leaves one stream of downloaded data unread, has others echoed meanwhile, then reads it all.
std::unique_ptr<Work> make_stall(Client& client);

/// One PING after another.
std::unique_ptr<Work> make_pings(Client& client);

/// Lives that streams can have, one script a line, all at once.
std::unique_ptr<Work> make_scripts(Client& client, std::vector<std::string> scripts);

/// Headers with a value of "SIZE random", "SIZE letters" or "SIZE text" bytes, one a line, mirrored
/// by the server.
std::unique_ptr<Work> make_headers(Client& client, std::vector<std::string> sizes);

}  // namespace uvspdy::interop
