#include "uvspdy/wire/header_compression.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "wire/dictionary.h"

namespace uvspdy::wire {
namespace {

// An empty stored block and what may stand before it to fill a byte.
constexpr std::size_t kSyncFlushSize = 6;

// Go's inflater (compress/flate): its window, whatever ours is, and the buffer that it reads
// through, unless it reads as much at once.
constexpr std::size_t kGoWindow = 32768;
constexpr std::size_t kGoBuffer = 4096;
constexpr std::size_t kLargestPiece = kGoBuffer - 1;

// An empty stored block, which may stand wherever a block begins on a whole byte.
constexpr std::array<std::uint8_t, 5> kEmptyBlock = {0, 0, 0, 0xff, 0xff};

// One byte by itself at most: a stored block, and the empty one of the flush. And the most padding
// ahead of it: so many empty blocks as are longer than that.
constexpr std::size_t kLoneByte = 11;
constexpr std::size_t kMostPadding = 3 * kEmptyBlock.size();

constexpr std::size_t kStep = 4096;  // how far an output vector grows at a time

// The memory for inflated blocks is used again from block to block; what a rare large one takes is
// given back with the next.
constexpr std::size_t kKeptCapacity = 16 * 1024;

// Far more than memory can hold, and small enough to add to.
constexpr std::size_t kLargestBlock = std::numeric_limits<std::size_t>::max() / 4;

// What inflate's data_type says: the low bits count the bits of the last byte that are not used
// yet, and this one that no block is begun.
constexpr int kUnusedBits = 63;
constexpr int kBetweenBlocks = 128;

// zlib's interface takes its input as a pointer to non-const bytes and never writes there.
void set_input(z_stream& stream, Bytes input) {
  stream.next_in = const_cast<std::uint8_t*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
}

void set_output(z_stream& stream, std::vector<std::uint8_t>& out, std::size_t used,
                std::size_t room) {
  out.resize(used + room);
  stream.next_out = out.data() + used;
  stream.avail_out = static_cast<uInt>(room);
}

// The lengths of the empty stored block that a SYNC_FLUSH is. Without them a block that ends behind
// zlib's header, or between two stored blocks, would pass for whole.
bool ends_with_marker(Bytes block) {
  const Bytes marker = Bytes(kEmptyBlock).last(4);
  return block.size() >= marker.size() &&
         std::equal(marker.begin(), marker.end(), block.last(marker.size()).begin());
}

std::string zlib_text(const z_stream& stream, int code) {
  return stream.msg != nullptr ? stream.msg : zError(code);
}

}  // namespace

struct UVSPDY_LOCAL HeaderDeflater::Stream {
  z_stream zlib{};
  bool open = false;
  // How much of the window of Go's inflater is filled, which starts with the dictionary in it.
  std::size_t go_window = kDictionary.size();
  ~Stream() {
    if (open) deflateEnd(&zlib);
  }

  // The most that a piece may take, its SYNC_FLUSH included.
  std::size_t bound(std::size_t size) {
    return deflateBound(&zlib, static_cast<uLong>(size)) + kSyncFlushSize;
  }

  void append(Bytes piece, std::vector<std::uint8_t>& out) {
    set_input(zlib, piece);
    // Room for all of it at once: a flush that is continued with more room repeats its marker, and
    // Go's spdystream drops a connection when compressed bytes are left behind the last value.
    set_output(zlib, out, out.size(), bound(piece.size()) + 1);
    ::deflate(&zlib, Z_SYNC_FLUSH);
    out.resize(out.size() - zlib.avail_out);
    go_window = (go_window + piece.size()) % kGoWindow;
  }
};

HeaderDeflater::HeaderDeflater(HeaderCompression options) : options_(options) {}
HeaderDeflater::~HeaderDeflater() = default;
HeaderDeflater::HeaderDeflater(HeaderDeflater&&) noexcept = default;
HeaderDeflater& HeaderDeflater::operator=(HeaderDeflater&&) noexcept = default;

Error HeaderDeflater::open() {
  if (stream_) return {};
  auto stream = std::make_unique<Stream>();
  const int level = options_.stored ? Z_NO_COMPRESSION : options_.level;
  if ((!options_.stored && (level < 1 || level > 9)) || options_.window_bits < 9 ||
      options_.window_bits > 15 ||  // zlib takes 25 to 31 for gzip
      deflateInit2(&stream->zlib, level, Z_DEFLATED, options_.window_bits, options_.memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error(Errc::kBadCompression,
                 "zlib takes no compression level " + std::to_string(level) + ", window bits " +
                     std::to_string(options_.window_bits) + ", memory level " +
                     std::to_string(options_.memory_level) + "; they are 1 to 9, 9 to 15, 1 to 9");
  }
  stream->open = true;
  deflateSetDictionary(&stream->zlib, kDictionary.data(), kDictionary.size());
  stream_ = std::move(stream);
  return {};
}

// The most that a block may take, wherever Go's window is when its turn comes.
std::size_t HeaderDeflater::bound(std::size_t block_size) const {
  const std::size_t in_pieces = block_size / kLargestPiece * stream_->bound(kLargestPiece) +
                                stream_->bound(block_size % kLargestPiece) + kMostPadding +
                                kLoneByte;
  return std::max(stream_->bound(block_size), in_pieces);
}

Error HeaderDeflater::check(std::size_t block_size, std::size_t max_size) {
  if (Error error = open()) return error;
  const std::size_t most = bound(block_size);
  if (most <= max_size) return {};
  return Error(Errc::kFrameTooLarge, "a header block of " + std::to_string(block_size) +
                                         " bytes may take " + std::to_string(most) +
                                         " compressed, more than control_frame_length allows (" +
                                         std::to_string(max_size) + ")");
}

Error HeaderDeflater::deflate(Bytes block, std::size_t max_size, std::vector<std::uint8_t>& out) {
  // Checked before the compression state moves.
  if (Error error = check(block.size(), max_size)) return error;
  const bool fills_window = (stream_->go_window + block.size()) % kGoWindow == 0;
  if (!fills_window || block.size() < 2) {
    stream_->append(block, out);
    return {};
  }
  // Go's inflater hands out what it has when its window is full, ahead of the marker, and
  // spdystream drops the connection when the marker is not in Go's buffer by then. So all of this
  // block goes in pieces that Go reads through its buffer, which then ends behind each 4,096 bytes;
  // and the last byte goes by itself, where no such end is behind it.
  const std::size_t start = out.size();
  Bytes rest = block.first(block.size() - 1);
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.size(), kLargestPiece);
    stream_->append(rest.first(size), out);
    rest = rest.subspan(size);
  }
  while (kGoBuffer - (out.size() - start) % kGoBuffer < kLoneByte) {
    out.insert(out.end(), kEmptyBlock.begin(), kEmptyBlock.end());
  }
  stream_->append(block.last(1), out);
  return {};
}

struct UVSPDY_LOCAL HeaderInflater::Stream {
  z_stream zlib{};
  bool open = false;
  ~Stream() {
    if (open) inflateEnd(&zlib);
  }
};

HeaderInflater::HeaderInflater(std::size_t max_block)
    : max_block_(std::min(max_block, kLargestBlock)) {}
HeaderInflater::~HeaderInflater() = default;
HeaderInflater::HeaderInflater(HeaderInflater&&) noexcept = default;
HeaderInflater& HeaderInflater::operator=(HeaderInflater&&) noexcept = default;

Result<Bytes> HeaderInflater::inflate(Bytes block) {
  if (block.empty()) return Bytes();
  if (!stream_) {
    auto stream = std::make_unique<Stream>();
    const int code = inflateInit(&stream->zlib);
    if (code != Z_OK) return Error(Errc::kInflateFailed, zlib_text(stream->zlib, code));
    stream->open = true;
    stream_ = std::move(stream);
  }

  z_stream& zlib = stream_->zlib;
  set_input(zlib, block);
  // Not `= {}`, which keeps the memory.
  if (inflated_.capacity() > kKeptCapacity) inflated_ = std::vector<std::uint8_t>();
  inflated_.clear();
  std::size_t used = 0;
  bool flushed = false;
  for (;;) {
    // One byte of room more than the limit tells a block at the limit from one past it.
    const std::size_t room = std::min(kStep, max_block_ + 1 - used);
    // Doubling, but never past the limit.
    if (inflated_.capacity() < used + room) {
      inflated_.reserve(std::min(max_block_ + 1, 2 * (used + room)));
    }
    set_output(zlib, inflated_, used, room);
    int code = ::inflate(&zlib, Z_SYNC_FLUSH);
    used = inflated_.size() - zlib.avail_out;
    if (code == Z_NEED_DICT) {
      code = inflateSetDictionary(&zlib, kDictionary.data(), kDictionary.size());
      if (code != Z_OK) {
        return Error(Errc::kInflateFailed, "the block wants another dictionary than SPDY/3's");
      }
      continue;
    }
    if (used > max_block_) {
      return Error(Errc::kHeaderBlockTooLarge, "it inflates past inflated_header_block = " +
                                                   std::to_string(max_block_) + " bytes");
    }
    if (code == Z_STREAM_END) {
      return Error(Errc::kInflateFailed,
                   "the zlib stream ends here; SPDY has one for the whole connection");
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
      return Error(Errc::kInflateFailed, "zlib says: " + zlib_text(zlib, code));
    }
    // A SYNC_FLUSH ends between two blocks and on a whole byte; anything else is cut off. inflate
    // says so only in the call that gets there, which may have filled the output to the last byte.
    flushed = (zlib.data_type & kBetweenBlocks) != 0 && (zlib.data_type & kUnusedBits) == 0;
    if (zlib.avail_in == 0 && (flushed || zlib.avail_out != 0)) break;
  }
  if (!flushed || !ends_with_marker(block)) {
    return Error(Errc::kInflateFailed, "the compressed block does not end with a SYNC_FLUSH");
  }
  return Bytes(inflated_).first(used);
}

}  // namespace uvspdy::wire
