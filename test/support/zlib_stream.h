#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "uvspdy/bytes.h"

// zlib by itself: the other side of the header compression under test, with no line of the
// library's in it.

namespace uvspdy::test {

/// A zlib compressor as a peer may run it.
class ZlibDeflater {
 public:
  explicit ZlibDeflater(Bytes dictionary, int level = 9, int window_bits = 15,
                        int memory_level = 8) {
    if (deflateInit2(&zlib_, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::runtime_error("deflateInit2");
    }
    deflateSetDictionary(&zlib_, dictionary.data(), static_cast<uInt>(dictionary.size()));
  }
  ~ZlibDeflater() { deflateEnd(&zlib_); }
  ZlibDeflater(const ZlibDeflater&) = delete;
  ZlibDeflater& operator=(const ZlibDeflater&) = delete;

  /// The next block of the one stream. `flush`: Z_SYNC_FLUSH, as SPDY has it, or another.
  std::vector<std::uint8_t> deflate(Bytes block, int flush = Z_SYNC_FLUSH) {
    // Room for all at once: a flush that has to be continued may repeat its marker.
    std::vector<std::uint8_t> out(2 * block.size() + 4096);
    zlib_.next_in = const_cast<std::uint8_t*>(block.data());
    zlib_.avail_in = static_cast<uInt>(block.size());
    zlib_.next_out = out.data();
    zlib_.avail_out = static_cast<uInt>(out.size());
    ::deflate(&zlib_, flush);
    if (zlib_.avail_in != 0 || zlib_.avail_out == 0) throw std::runtime_error("deflate");
    return {out.data(), zlib_.next_out};
  }

 private:
  z_stream zlib_{};
};

/// A zlib decompressor with the largest window, which reads every other.
class ZlibInflater {
 public:
  explicit ZlibInflater(Bytes dictionary) : dictionary_(dictionary.begin(), dictionary.end()) {
    if (inflateInit2(&zlib_, 15) != Z_OK) throw std::runtime_error("inflateInit2");
  }
  ~ZlibInflater() { inflateEnd(&zlib_); }
  ZlibInflater(const ZlibInflater&) = delete;
  ZlibInflater& operator=(const ZlibInflater&) = delete;

  /// What one block inflates to. Throws when zlib refuses it.
  std::vector<std::uint8_t> inflate(Bytes block) {
    std::vector<std::uint8_t> result;
    zlib_.next_in = const_cast<std::uint8_t*>(block.data());
    zlib_.avail_in = static_cast<uInt>(block.size());
    for (;;) {
      std::uint8_t room[4096];
      zlib_.next_out = room;
      zlib_.avail_out = sizeof(room);
      const int code = ::inflate(&zlib_, Z_SYNC_FLUSH);
      result.insert(result.end(), room, room + (sizeof(room) - zlib_.avail_out));
      if (code == Z_NEED_DICT) {
        needed_dictionary_ = zlib_.adler;
        if (inflateSetDictionary(&zlib_, dictionary_.data(),
                                 static_cast<uInt>(dictionary_.size())) != Z_OK) {
          throw std::runtime_error("inflateSetDictionary");
        }
        continue;
      }
      if (code != Z_OK && code != Z_BUF_ERROR) {
        throw std::runtime_error("inflate: " + std::to_string(code));
      }
      if (zlib_.avail_in == 0 && zlib_.avail_out != 0) return result;
    }
  }

  /// The Adler-32 of the dictionary that the stream asked for, 0 when it asked for none.
  uLong needed_dictionary() const { return needed_dictionary_; }

 private:
  std::vector<std::uint8_t> dictionary_;
  uLong needed_dictionary_ = 0;
  z_stream zlib_{};
};

}  // namespace uvspdy::test
