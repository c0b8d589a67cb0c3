#include "uvspdy/wire/header_compression.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string>

#include "wire/dictionary.h"

namespace uvspdy::wire {
namespace {

// An empty stored block, and the bits before it that fill a byte.
constexpr std::size_t kSyncFlushSize = 6;

// Go's inflater (compress/flate): the size of its window, whatever ours is, and of the buffer that
// it reads through, unless it reads more at once.
constexpr std::size_t kGoWindow = 32768;
constexpr std::size_t kGoBuffer = 4096;
constexpr std::size_t kLargestPiece = kGoBuffer - 1;

// An empty stored block; allowed wherever a block can begin on a byte boundary.
constexpr std::array<std::uint8_t, 5> kEmptyBlock = {0, 0, 0, 0xff, 0xff};

// The most that a single byte takes (a stored block, and the empty one of the flush), and the most
// padding before it (as few empty blocks as are longer than that).
constexpr std::size_t kLoneByte = 11;
constexpr std::size_t kMostPadding = 3 * kEmptyBlock.size();

constexpr std::size_t kStep = 4096;  // how far an output vector grows at a time

// The buffer for inflated blocks is reused; the memory of a rare large block is freed by the next
// one.
constexpr std::size_t kKeptCapacity = 16 * 1024;

// More than memory can hold, and small enough for sums not to overflow.
constexpr std::size_t kLargestBlock = std::numeric_limits<std::size_t>::max() / 4;

// Parts of inflate's data_type: the number of bits of the last byte that are not used yet, and a
// flag that is set between two blocks.
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

// Whether a block ends with the lengths of the empty stored block that a SYNC_FLUSH is. Without
// this check, a block cut off after zlib's header, or between two stored blocks, would look whole.
bool ends_with_marker(Bytes block) {
  const Bytes marker = Bytes(kEmptyBlock).last(4);
  return block.size() >= marker.size() &&
         std::equal(marker.begin(), marker.end(), block.last(marker.size()).begin());
}

// zlib says by a code that it gets no memory, and its caller does not tell that from other errors.
int unless_out_of_memory(int code) {
  if (code == Z_MEM_ERROR) throw std::bad_alloc();
  return code;
}

std::string zlib_text(const z_stream& stream, int code) {
  return stream.msg != nullptr ? stream.msg : zError(code);
}

}  // namespace

struct UVSPDY_LOCAL HeaderDeflater::Stream {
  z_stream zlib{};
  bool open = false;
  // The filled part of the window of Go's inflater, which starts with the dictionary in it.
  std::size_t go_window = kDictionary.size();
  ~Stream() {
    if (open) deflateEnd(&zlib);
  }

  // The most that a piece may take, with its SYNC_FLUSH.
  std::size_t bound(std::size_t size) {
    return deflateBound(&zlib, static_cast<uLong>(size)) + kSyncFlushSize;
  }

  void append(Bytes piece, std::vector<std::uint8_t>& out) {
    set_input(zlib, piece);
    // One call has to have room for all output: continuing a flush repeats its marker, and Go's
    // spdystream drops the connection if compressed bytes follow the last value.
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
      unless_out_of_memory(deflateInit2(&stream->zlib, level, Z_DEFLATED, options_.window_bits,
                                        options_.memory_level, Z_DEFAULT_STRATEGY)) != Z_OK) {
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

// The most that a block may take, however full Go's window is then.
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
  // The check comes first: the compression state must not change after an error.
  if (Error error = check(block.size(), max_size)) return error;
  const bool fills_window = (stream_->go_window + block.size()) % kGoWindow == 0;
  if (!fills_window || block.size() < 2) {
    stream_->append(block, out);
    return {};
  }
  // When its window is full, Go's inflater returns its data before it reads the marker, and
  // spdystream drops the connection if the marker is not in Go's buffer by then. So this whole
  // block is compressed in pieces that Go reads through its buffer, whose ends are then at each
  // 4,096 bytes; and the last byte is a piece of its own, at a place where no such end follows.
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
    const int code = unless_out_of_memory(inflateInit(&stream->zlib));
    if (code != Z_OK) return Error(Errc::kInflateFailed, zlib_text(stream->zlib, code));
    stream->open = true;
    stream_ = std::move(stream);
  }

  z_stream& zlib = stream_->zlib;
  set_input(zlib, block);
  // Not `= {}`, which would keep the memory.
  if (inflated_.capacity() > kKeptCapacity) inflated_ = std::vector<std::uint8_t>();
  inflated_.clear();
  std::size_t used = 0;
  bool flushed = false;
  for (;;) {
    // One byte more than the limit: it shows whether a block is at the limit or past it.
    const std::size_t room = std::min(kStep, max_block_ + 1 - used);
    // Doubling, but never past the limit.
    if (inflated_.capacity() < used + room) {
      inflated_.reserve(std::min(max_block_ + 1, 2 * (used + room)));
    }
    set_output(zlib, inflated_, used, room);
    int code = unless_out_of_memory(::inflate(&zlib, Z_SYNC_FLUSH));
    used = inflated_.size() - zlib.avail_out;
    if (code == Z_NEED_DICT) {
      code =
          unless_out_of_memory(inflateSetDictionary(&zlib, kDictionary.data(), kDictionary.size()));
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
    // After a SYNC_FLUSH, inflate is between two blocks and on a byte boundary; otherwise the block
    // is cut off. inflate reports this only in the call that gets there, whose output may be full
    // to the last byte.
    flushed = (zlib.data_type & kBetweenBlocks) != 0 && (zlib.data_type & kUnusedBits) == 0;
    if (zlib.avail_in == 0 && (flushed || zlib.avail_out != 0)) break;
  }
  if (!flushed || !ends_with_marker(block)) {
    return Error(Errc::kInflateFailed, "the compressed block does not end with a SYNC_FLUSH");
  }
  return Bytes(inflated_).first(used);
}

}  // namespace uvspdy::wire
