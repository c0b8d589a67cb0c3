#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/token_bucket.h"
#include "uvspdy/httpstream/log.h"

namespace uvspdy::httpstream {

/// A log with a token bucket for each client, and the number of the client's lines that found no
/// token. Past kMaxClients all further clients share one bucket.
class BoundedLog {
 public:
  using Time = TokenBucket::Time;

  static constexpr std::size_t kMaxClients = 1024;

  BoundedLog(LogHandler handler, LogLimits limits)
      : handler_(std::move(handler)),
        rate_(TokenRate::per_second(limits.per_second, limits.burst)) {}

  /// Writes a line of a client, or counts it. The handler may write to this log, but not destroy
  /// it.
  void write(std::string_view client, std::string_view line, Time now);

  /// The number of clients that are remembered.
  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    TokenBucket bucket;
    std::size_t left_out = 0;
  };

  Client& named(std::string_view name);
  static std::string report(std::string_view name, Client& client);
  std::vector<std::string> sweep(Time now);

  LogHandler handler_;
  TokenRate rate_;
  std::map<std::string, Client, std::less<>> clients_;
  Client others_;
  Time swept_{};
};

}  // namespace uvspdy::httpstream
