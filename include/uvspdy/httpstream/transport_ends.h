#pragma once

#include <chrono>
#include <memory>

#include "uvspdy/export.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

struct TransportEndsOptions {
  /// The longest time for which the peer may take none of the bytes left for it, once nothing else
  /// is waited for: its own direction has ended or is discarded, or the sink was broken off. Then
  /// the transport is aborted, and the sink is over with net::Errc::kTimeout. Before that the peer
  /// may be as slow as it likes. A break may take ten times as long in all, even if the peer takes
  /// bytes. 0 or less: the loop's next turn; milliseconds::max(): no limit.
  std::chrono::milliseconds flush_timeout = std::chrono::minutes(2);
};

/// A transport as a source and a sink, for one Pump each.
struct TransportEnds {
  std::unique_ptr<Source> source{};
  std::unique_ptr<Sink> sink{};
};

/// Takes over a connected transport that is not being read; the two ends share it. A null pointer
/// ends the process with a text. From docs/examples/tcp_relay.cpp:
///
///     void join(TransportPtr transport, const std::shared_ptr<Stream>& stream) {
///       TransportEnds ends = ends_of(std::move(transport));
///       Pump::start(std::move(ends.source), sink_of(stream->take_writer()), report);
///       Pump::start(source_of(stream->take_reader()), std::move(ends.sink), report);
///     }
///
/// The source gives the peer's bytes as borrowed pieces. It ends with the peer's end, and breaks
/// off with an error of the transport. After `discard` it reads on and drops, so that the peer is
/// not held up.
///
/// The sink writes from each piece at once. It keeps, by Piece::keep, only the bytes that the
/// transport does not take, and has no room until they are gone. Its end is Transport::shutdown.
/// When it is broken off, it waits until the peer has acknowledged what was written
/// (Transport::unacknowledged), within TransportEndsOptions::flush_timeout, and then aborts the
/// transport: on TCP the peer gets a reset.
///
/// - When both are over, the transport closes by itself: in order, unless the sink was broken off.
/// - When only writing fails, the sink is over, and the source still delivers the peer's bytes: a
///   server that refuses an upload answers before it closes. If they end in order, the source
///   breaks off with the sink's error instead.
/// - When reading fails, or the transport is aborted, both are over.
/// - While the transport is not read, the system is asked every five seconds whether the connection
///   broke (Transport::check_peer). If so, the sink is over, and a paused source still delivers the
///   bytes before the error. A peer that has only closed is found by writing.
/// - A source that is destroyed discards. A sink that is destroyed before it is over aborts the
///   transport at once, and the bytes that it keeps are lost.
///
/// Errors, of both: the transport's, net::Errc::kTimeout, the error that the sink was broken off
/// with, and UV_ECANCELED for a source whose sink was destroyed. Both belong to the thread of the
/// transport's loop.
UVSPDY_EXPORT TransportEnds ends_of(std::unique_ptr<net::Transport> transport,
                                    TransportEndsOptions options = {});

}  // namespace uvspdy::httpstream
