#pragma once

#include <cstddef>
#include <cstdint>

namespace uvspdy {

/// What one connection may cost, whatever the peer does. A breach ends the stream or the connection
/// concerned with an error that names the limit and the value; never the process. A limit of 0 is
/// as strict as can be; no value means "without a limit".
struct Limits {
  /// Bytes of one control frame behind its 8-byte head, both ways. Section 2.2.1 asks for at least
  /// 8,192; the default has room for the largest header block, however badly it compresses.
  std::size_t control_frame_length = 160 * 1024;

  /// Bytes of one header block before compression, both ways, each of several values of one name
  /// counted with the name: a small frame can stand for a thousand times as much.
  std::size_t inflated_header_block = 128 * 1024;

  /// Header fields in one block, both ways; each of several values of one name counts. Go's
  /// spdystream takes 1,000, and drops the connection of who sends more.
  std::size_t headers_per_block = 1000;

  /// Entries of one SETTINGS frame. Eight ids are defined; a few unknown ones are tolerated.
  std::size_t settings_entries = 64;

  /// Streams that the peer may have open at once; further ones are answered with REFUSED_STREAM.
  /// SETTINGS_MAX_CONCURRENT_STREAMS recommends no fewer than 100; a port-forward uses two per
  /// forwarded connection.
  std::size_t concurrent_streams = 4096;

  /// Bytes that the headers of all streams that the peer has open may take; further streams are
  /// refused likewise. A Kubernetes stream takes about a hundred.
  std::size_t stream_headers = 1024 * 1024;

  /// Bytes of control frames waiting to be sent that the peer makes us send: answers to PINGs,
  /// windows that are given back, refusals, resets of streams in error. Only a peer that does not
  /// read gets here. What this side sends of itself does not count: SYN_REPLYs and resets are
  /// bounded by concurrent_streams, since a stream's place is free once its answer is on its way.
  std::size_t queued_control_output = 1024 * 1024;

  /// Streams of its own that the peer may reset, or have reset by an error, in one second; more,
  /// and the connection is closed. Opening and resetting streams costs a peer less than it costs
  /// us. A port-forward whose browser reloads pages resets a few dozen.
  std::size_t resets_per_second = 1000;

  /// SETTINGS frames in one second; more, and the connection is closed. Each may have to touch
  /// every stream.
  std::size_t settings_per_second = 100;

  /// Bytes held for one paused stream of a peer without flow control, such as every Kubernetes
  /// peer. Past it the stream's session::OverflowPolicy decides: nothing is read from the
  /// connection until that reader has caught up (the default), or the stream is reset. One read of
  /// at most 64 KiB may come on top.
  std::size_t stream_buffer = 256 * 1024;

  /// What the window of a stream may grow to for a reader that keeps up, in bytes; it is also the
  /// most that is held for that stream if it pauses. One stream moves this much in a round trip.
  /// All of them together grow by no more than half of connection_buffer.
  std::size_t stream_window = 1024 * 1024;

  /// Bytes held for all paused streams of a connection together. It is also the connection's
  /// window, which is never less than the 64 KiB that the protocol begins with. Past it nothing is
  /// read from the connection.
  std::size_t connection_buffer = 4 * 1024 * 1024;

  /// Bytes queued on a stream from which `writable()` is false, until half of it has left.
  std::size_t write_high_water = 256 * 1024;

  /// Buffers queued on a stream from which it is false likewise: many small ones cost more than
  /// their bytes.
  std::size_t write_buffers = 1024;
};

}  // namespace uvspdy
