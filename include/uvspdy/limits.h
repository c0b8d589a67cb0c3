#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace uvspdy {

/// A token bucket: `burst` events at once, and then `per_second` in each second.
struct Rate {
  std::size_t per_second = 0;
  std::size_t burst = 0;
};

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

  // Rates. Each is what a peer may make this side do. A peer that exceeds a rate is slowed: nothing
  // is read from it until the rate allows more. No peer in order exceeds one of these rates for
  // long, but for header_block_rate, stream_rate and small_data_rate; a peer that is slowed because
  // of the others for longer than slowed_time is closed with kLimitExceeded. Stats counts how often
  // each rate was exceeded. {SIZE_MAX, SIZE_MAX} is no limit.

  /// Bytes of uncompressed header blocks. A hundred bytes of a peer's inflate to 100 KiB of ours,
  /// which cost a third of a millisecond. The headers of a Kubernetes stream take about 100 bytes.
  Rate inflated_rate{8 * 1024 * 1024, 16 * 1024 * 1024};

  /// Frames with a header block: SYN_STREAM, SYN_REPLY, HEADERS.
  Rate header_block_rate{20'000, 40'000};

  /// SYN_STREAMs. Each costs a stream and a call of its handler. A browser that loads a page
  /// through a port-forward opens a few hundred streams.
  Rate stream_rate{10'000, 20'000};

  /// Streams of the peer's own that it resets, that are reset because of its errors, or that are
  /// refused, by a limit or with REFUSED_STREAM by their handler. Opening and resetting streams
  /// costs the peer less than us. A port-forward resets a few dozen when a browser reloads its
  /// pages.
  Rate reset_rate{1'000, 1'000};

  /// WINDOW_UPDATE, RST_STREAM and GOAWAY frames, answers to PINGs, and frames of unknown types. A
  /// peer that receives 3 GB in a second needs 50,000 WINDOW_UPDATEs, one for each 64 KiB.
  Rate control_frame_rate{50'000, 100'000};

  /// DATA frames of one byte or none, without FLAG_FIN. A program that writes byte by byte makes
  /// some 10,000.
  Rate small_data_rate{50'000, 100'000};

  /// PINGs, each of which has to be answered. A peer that sends each when it has the answer to the
  /// one before sends 10,000 on a network of 0.1 ms.
  Rate ping_rate{10'000, 10'000};

  /// SETTINGS. Each may change the window of every stream. Peers send one or two in all.
  Rate settings_rate{100, 100};

  /// Frames for streams that have ended or never existed. A peer may have megabytes of DATA on
  /// their way when a stream is reset.
  Rate stray_frame_rate{10'000, 20'000};

  /// The time for which a peer may be slowed within a minute, before it is closed.
  std::chrono::milliseconds slowed_time = std::chrono::seconds(10);

  /// Bytes buffered for one paused stream of a peer without flow control, such as every Kubernetes
  /// peer. After that the stream's session::OverflowPolicy decides: the connection is not read
  /// until that reader has caught up (the default), or the stream is reset. The read that exceeds
  /// the limit may add up to 64 KiB.
  std::size_t stream_buffer = 256 * 1024;

  /// The largest receive window of a stream, in bytes: the window of a reader that keeps up grows
  /// to it, and the stream then moves that much in one round trip. If the reader pauses, that much
  /// may be buffered for it. The connection's window is a bound, too: the windows of streams that
  /// are in use grow together by no more than it has, less a quarter of connection_buffer.
  std::size_t stream_window = 64 * 1024 * 1024;

  /// Bytes buffered for all paused streams of a connection together without the help of
  /// session::WindowBudget. A peer without flow control gets no more: past that the connection is
  /// not read, or streams are reset, as session::OverflowPolicy says. For a peer with flow control
  /// it is the size of the connection's receive window, which is at least the 64 KiB that the
  /// protocol starts with, before the window grows from the budget.
  std::size_t connection_buffer = 4 * 1024 * 1024;

  /// Bytes queued on a stream at which `writable()` turns false, until half of them have left.
  std::size_t write_high_water = 256 * 1024;

  /// Buffers queued on a stream at which `writable()` turns false, until half of them have left:
  /// many small ones cost more than their bytes.
  std::size_t write_buffers = 1024;

  /// Bytes queued on all streams of a connection at which `writable()` turns false for each of
  /// them. Once half of these bytes have left, it turns true for the streams in turn, so that no
  /// one is passed over. While all that is queued waits for windows of streams that the peer does
  /// not read, it turns true for others all the same, so that streams that are read do not wait for
  /// streams that are not; up to twice as many bytes, and a quarter, may be queued by that.
  std::size_t connection_write_high_water = 4 * 1024 * 1024;
};

}  // namespace uvspdy
