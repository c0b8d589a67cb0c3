#pragma once

#include <memory>

#include "kube/process/descriptor_stream.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::kube {

/// The reading side of a descriptor. Discarding or destroying it closes the descriptor: a process
/// that writes to the pipe gets SIGPIPE, a terminal hangs up.
std::unique_ptr<httpstream::Source> source_of(std::shared_ptr<DescriptorStream> stream);

/// What the other side sees when writing ends.
enum class WritingEnd {
  kCloses,   ///< the end of its input: a pipe, whose descriptor is closed
  kIsNoEnd,  ///< nothing: a terminal, on which Ctrl-D is a byte
};

/// The writing side. A descriptor cannot show a break, so after break_off() it stays open until the
/// sink is destroyed, and on_over can signal the other side before. Written bytes have ten seconds
/// to leave until on_over. Destroying the sink earlier drops bytes that have not left.
std::unique_ptr<httpstream::Sink> sink_of(std::shared_ptr<DescriptorStream> stream, WritingEnd end);

}  // namespace uvspdy::kube
