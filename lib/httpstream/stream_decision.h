#pragma once

#include <memory>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

/// The state shared by copies of one decision. Destroyed without an answer, it refuses the stream.
struct UVSPDY_LOCAL StreamDecision::State {
  std::weak_ptr<Connection> connection;
  wire::StreamId id = 0;
  bool decided = false;
  ~State();
};

}  // namespace uvspdy::httpstream
