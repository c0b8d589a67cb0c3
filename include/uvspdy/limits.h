#pragma once

#include <cstddef>
#include <cstdint>

namespace uvspdy {

/// The resources that one connection may use, whatever the peer does. Exceeding a limit ends the
/// stream or the connection, with an error that names the limit and its value; never the process. 0
/// is the strictest value; no value means "unlimited".
struct Limits {
  /// Bytes of one control frame after its 8-byte head, sent and received. Section 2.2.1 requires at
  /// least 8,192; the default has room for the largest header block, however badly it compresses.
  std::size_t control_frame_length = 160 * 1024;

  /// Bytes of one uncompressed header block, sent and received; each of several values of one name
  /// counts with the name. A small frame can expand to a thousand times its size.
  std::size_t inflated_header_block = 128 * 1024;

  /// Header fields in one block, sent and received; each of several values of one name counts. Go's
  /// spdystream accepts 1,000 and drops the connection if there are more.
  std::size_t headers_per_block = 1000;

  /// Entries of one SETTINGS frame. Eight ids are defined; a few unknown ones are tolerated.
  std::size_t settings_entries = 64;

  /// Streams that the peer may have open at the same time; further ones are answered with
  /// REFUSED_STREAM. Section 2.6.4 recommends at least 100; a port-forward uses two for each
  /// forwarded connection.
  std::size_t concurrent_streams = 4096;

  /// Bytes of the headers of all streams that the peer has open; further streams are answered with
  /// REFUSED_STREAM. The headers of a Kubernetes stream take about a hundred.
  std::size_t stream_headers = 1024 * 1024;

  /// Bytes of queued control frames that the peer has caused: answers to PINGs, WINDOW_UPDATEs,
  /// refusals, and resets of streams in error. Only a peer that does not read exceeds it. Frames
  /// that this side sends on its own do not count: concurrent_streams bounds SYN_REPLYs and resets,
  /// since a stream's place is not free until its answer has left the queue.
  std::size_t queued_control_output = 1024 * 1024;

  /// Streams of its own that the peer may reset, or have reset because of its errors, in one
  /// second; one more closes the connection. Opening and resetting streams costs the peer less than
  /// us. A port-forward resets a few dozen when a browser reloads its pages.
  std::size_t resets_per_second = 1000;

  /// SETTINGS frames that the peer may send in one second; one more closes the connection. Each may
  /// have to change every stream.
  std::size_t settings_per_second = 100;

  /// Bytes buffered for one paused stream of a peer without flow control, such as every Kubernetes
  /// peer. After that the stream's session::OverflowPolicy decides: the connection is not read
  /// until that reader has caught up (the default), or the stream is reset. The read that exceeds
  /// the limit may add up to 64 KiB.
  std::size_t stream_buffer = 256 * 1024;

  /// The largest receive window of a stream, in bytes: the window of a reader that keeps up grows
  /// to it, and the stream then moves that much in one round trip. If the reader pauses, that much
  /// may be buffered for it. All windows together grow by at most half of connection_buffer.
  std::size_t stream_window = 1024 * 1024;

  /// Bytes buffered for all paused streams of a connection together; the connection is not read
  /// while there are more. Also the size of the connection's receive window, which is at least the
  /// 64 KiB that the protocol starts with.
  std::size_t connection_buffer = 4 * 1024 * 1024;

  /// Bytes queued on a stream at which `writable()` turns false, until half of them have left.
  std::size_t write_high_water = 256 * 1024;

  /// Buffers queued on a stream at which `writable()` turns false, until half of them have left:
  /// many small ones cost more than their bytes.
  std::size_t write_buffers = 1024;
};

}  // namespace uvspdy
