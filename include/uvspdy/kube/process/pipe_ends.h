#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::kube {

// A process's pipes as the ends of Pumps: what a Runtime of an embedder's joins a client's streams
// with. From docs/examples/process_runtime.cpp:
//
//     void join(uv_file from, httpstream::StreamWriter to) {
//       if (!to) return;
//       auto source = source_of_fd(loop_, from, pool_);
//       if (source) Pump::start(std::move(*source), sink_of(std::move(to)), {});
//     }

/// The descriptor that a process's output is read from: an end of a pipe, a socket, or a terminal's
/// master. It becomes the source's, also on an error, and does not block any more.
///
/// Read in blocks of `pool`, which are handed on without a copy; a pool is for any number of
/// sources of one thread, and null gives the source one of its own. Discarding or destroying the
/// source closes the descriptor: a process that writes more gets SIGPIPE. What nobody reads waits
/// in the pipe and holds the process up.
///
/// Errors: libuv's numbers; UV_EPERM for what cannot be waited for, as a file on a disk.
UVSPDY_EXPORT Result<std::unique_ptr<httpstream::Source>> source_of_fd(
    uv_loop_t* loop, int fd, std::shared_ptr<BufferPool> pool = nullptr);

/// The descriptor that a process's input is written to, likewise. What the process does not take at
/// once is kept, copied into blocks of `pool` if there is one. The end closes the descriptor behind
/// what was written. A pipe has nothing to show a break with, and the process would take an end for
/// the end of the whole. So behind a break the descriptor stays open until the sink is destroyed,
/// which a Pump does behind its `done`: that is the place to send the process a signal. What was
/// written has ten seconds to leave before. Destroying the sink closes the descriptor at once.
///
/// A process that closes its input is noticed when something is written to it. SIGPIPE must be
/// ignored, as libuv asks of all its users.
UVSPDY_EXPORT Result<std::unique_ptr<httpstream::Sink>> sink_of_fd(
    uv_loop_t* loop, int fd, std::shared_ptr<BufferPool> pool = nullptr);

}  // namespace uvspdy::kube
