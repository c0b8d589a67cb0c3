#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::kube {

// Makes a Source or a Sink of a process's pipe, so that an embedder's Runtime can join it with a
// client's stream by a Pump. From docs/examples/process_runtime.cpp:
//
//     void join(uv_file from, httpstream::StreamWriter to) {
//       if (!to) return;
//       auto source = source_of_fd(loop_, from, pool_);
//       if (source) Pump::start(std::move(*source), sink_of(std::move(to)), {});
//     }

/// Makes a source of the descriptor that a process's output is read from: an end of a pipe, a
/// socket, or a terminal's master. The source takes `fd` over, also on an error, and makes it
/// non-blocking.
///
/// Output is read into blocks of `pool`, which full reads pass on without a copy. Any number of
/// sources of one thread may share a pool; null gives the source its own. Discarding or destroying
/// the source closes `fd`, and a process that writes more then gets SIGPIPE. While the source is
/// paused the output stays in the pipe, and a process that has filled the pipe waits.
/// Errors: libuv's numbers, UV_EPERM for a descriptor that cannot be polled (a regular file).
UVSPDY_EXPORT Result<std::unique_ptr<httpstream::Source>> source_of_fd(
    uv_loop_t* loop, int fd, std::shared_ptr<BufferPool> pool = nullptr);

/// Makes a sink of the descriptor that a process's input is written to; `fd` and errors are as for
/// source_of_fd. Bytes that the process does not take at once are buffered, in blocks of `pool` if
/// they are borrowed. end() closes `fd` after the last byte. After break_off(), the bytes before it
/// have ten seconds to be written, and `fd` stays open, since the process would take its closing
/// for the end of the whole input. Destroying the sink closes `fd`. A Pump destroys its sink after
/// its `done` has run: `done` is the place to send the process a signal.
///
/// The sink notices that the process has closed its input only when it writes. The program must
/// ignore SIGPIPE, as libuv asks of all its users.
UVSPDY_EXPORT Result<std::unique_ptr<httpstream::Sink>> sink_of_fd(
    uv_loop_t* loop, int fd, std::shared_ptr<BufferPool> pool = nullptr);

}  // namespace uvspdy::kube
