#pragma once

#include <memory>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

/// What the copies of one decision share. Dropped undecided, it refuses the stream.
struct UVSPDY_LOCAL StreamDecision::State {
  std::weak_ptr<Connection> connection;
  wire::StreamId id = 0;
  bool decided = false;
  ~State();
};

}  // namespace uvspdy::httpstream
