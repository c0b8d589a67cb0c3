#pragma once

#include <cstddef>
#include <cstdint>

namespace uvspdy {

/// What one connection may cost, whatever the peer does. A breach ends the stream or the
/// connection concerned with an error that names the limit and the value; never the process.
struct Limits {
  /// Bytes of one control frame behind its 8-byte head. Section 2.2.1 asks for at least 8,192;
  /// the default leaves room for header blocks of 64 KiB in stored form.
  std::size_t control_frame_length = 128 * 1024;

  /// Bytes of one header block after inflating: a small block can inflate a thousandfold. Also the
  /// largest block that we send.
  std::size_t inflated_header_block = 256 * 1024;

  /// Name/value pairs in one header block; Go's net/http takes no more than it can store either.
  std::size_t headers_per_block = 1024;

  /// Entries of one SETTINGS frame. Eight ids are defined; a few unknown ones are tolerated.
  std::size_t settings_entries = 64;

  /// Streams that the peer may have open at once; further ones are answered with REFUSED_STREAM.
  /// SETTINGS_MAX_CONCURRENT_STREAMS recommends no fewer than 100; a port-forward uses two per
  /// forwarded connection.
  std::size_t concurrent_streams = 4096;

  /// Bytes of control frames waiting to be sent. Only a peer that asks (PING, bad frames) without
  /// reading the answers gets here.
  std::size_t queued_control_output = 1024 * 1024;

  /// Bytes held for one paused stream. Past it the connection is not read until that reader has
  /// caught up. One read of at most 64 KiB may come on top.
  std::size_t stream_buffer = 256 * 1024;

  /// Bytes held for all paused streams of a connection together; past it, likewise.
  std::size_t connection_buffer = 4 * 1024 * 1024;

  /// Bytes queued on a stream from which `writable()` is false, until half of it has left.
  std::size_t write_high_water = 256 * 1024;

  /// Buffers queued on a stream from which it is false likewise: many small ones cost more than
  /// their bytes.
  std::size_t write_buffers = 1024;
};

}  // namespace uvspdy
