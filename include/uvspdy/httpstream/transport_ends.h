#pragma once

#include <chrono>
#include <memory>

#include "uvspdy/export.h"
#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

struct TransportEndsOptions {
  /// How long the peer may take nothing of what waits for it, once nothing else is waited for: when
  /// its own direction has ended or is discarded, or the sink was told a break. Past it the
  /// transport is aborted, and the sink is over with net::Errc::kTimeout. Before, the peer may be
  /// as slow as it likes. A break may take ten times as long in all, however often the peer takes
  /// some. 0 or less: in the loop's next turn; milliseconds::max(): never.
  std::chrono::milliseconds flush_timeout = std::chrono::minutes(2);
};

/// A transport as a source and a sink, for a pump each.
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
/// The source gives what the peer sends, as borrowed pieces. Its end is the peer's; an error of the
/// transport breaks it off. Discarded, it reads on and drops, so that the peer is not held up.
///
/// The sink writes out of each piece at once. It keeps, by Piece::keep, only what the transport
/// does not take, and has no room until that is gone. Its end is Transport::shutdown. Broken off,
/// it waits until the peer's side has what was written (Transport::unacknowledged), within
/// TransportEndsOptions::flush_timeout, and aborts the transport: over TCP the peer gets a reset.
///
/// - The transport closes by itself when both are over: in order, unless the sink was broken off.
/// - When only writing fails, the sink is over, and the source first brings what the peer said
///   before it went: a server that refuses an upload answers before it closes. An end in order that
///   comes behind that is none: the source then breaks off with the error of the sink.
/// - When reading fails, or the transport is aborted, both are over.
/// - A connection that breaks while the transport is not read is found by asking the system every
///   five seconds (Transport::check_peer): the sink is over, and a source that has paused still
///   brings what came before, and then the error. A peer that has only closed is found by writing.
/// - A source that is destroyed discards. A sink that is destroyed before it is over aborts the
///   transport at once, and what it keeps is lost.
///
/// Errors, of both: the transport's, net::Errc::kTimeout, what the sink was broken off with, and
/// UV_ECANCELED for a source whose sink was destroyed. The ends belong to the thread of the
/// transport's loop.
UVSPDY_EXPORT TransportEnds ends_of(std::unique_ptr<net::Transport> transport,
                                    TransportEndsOptions options = {});

}  // namespace uvspdy::httpstream
