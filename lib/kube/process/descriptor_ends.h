#pragma once

#include <memory>

#include "kube/process/descriptor_stream.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::kube {

/// The reading side of a descriptor. Whoever discards or destroys it closes the descriptor: who
/// writes to a pipe gets SIGPIPE, a terminal hangs up.
std::unique_ptr<httpstream::Source> source_of(std::shared_ptr<DescriptorStream> stream);

/// What the end of the writing is for the other side.
enum class WritingEnd {
  kCloses,   ///< an end of what it reads: a pipe
  kIsNoEnd,  ///< nothing: a terminal, on which Ctrl-D is a byte
};

/// The writing side. A descriptor cannot show a break, so it stays open behind one until this is
/// destroyed: whoever hears that it is over can tell the other side before. What was written has
/// ten seconds to leave before that. Destroyed before it is over, it drops what has not left.
std::unique_ptr<httpstream::Sink> sink_of(std::shared_ptr<DescriptorStream> stream, WritingEnd end);

}  // namespace uvspdy::kube
