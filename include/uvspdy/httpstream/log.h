#pragma once

#include <cstddef>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"

namespace uvspdy::httpstream {

/// Gets one line of a log at a time, without a line end.
using LogHandler = Callback<void(std::string_view)>;

/// How many lines a log takes for one client, so that no client can fill a disk. A client is an
/// address as in HttpServerOptions::max_pending_per_address.
struct LogLimits {
  /// Lines at once. An honest client's failure is a line or two; a hundred show what a client does.
  std::size_t burst = 100;
  /// Lines in each second after those. Further lines are left out, and counted: the client's next
  /// line comes after one that says how many were left out. 0: none.
  std::size_t per_second = 20;
};

/// Makes a log that passes on to `handler` what the limits allow. A line of a client begins with
/// the client's address, as Transport::peer returns it, and ": "; lines that begin in another way
/// are counted by the words before their first ": ". A line that says how many were left out may
/// come with another client's line, at most a second after the limits allow it; after the last line
/// of all, nothing comes.
UVSPDY_EXPORT LogHandler bounded_log(LogHandler handler, LogLimits limits = {});

}  // namespace uvspdy::httpstream
