#include "uvspdy/wire/header_block.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "uvspdy/printable.h"
#include "uvspdy/wire/error.h"
#include "wire/byte_order.h"

namespace uvspdy::wire {
namespace {

constexpr std::size_t kSmallestPair = 8;  // two lengths

constexpr std::array<std::string_view, 5> kForbidden = {"connection", "host", "keep-alive",
                                                        "proxy-connection", "transfer-encoding"};

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 64;
  return "'" + printable(text, kShown) + "'";
}

Error too_many_headers(std::size_t count, const Limits& limits) {
  return Error(Errc::kTooManyHeaders,
               std::to_string(count) + " headers or more in a block, where headers_per_block = " +
                   std::to_string(limits.headers_per_block));
}

Error block_too_large(std::size_t size, const Limits& limits) {
  return Error(Errc::kHeaderBlockTooLarge, "a header block of " + std::to_string(size) +
                                               " bytes or more, where inflated_header_block = " +
                                               std::to_string(limits.inflated_header_block));
}

// Section 2.6.10: names are lower-case US-ASCII and not empty; control characters, NUL included,
// are not allowed.
bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7f' && (c < 'A' || c > 'Z');
  });
}

}  // namespace

Result<std::vector<std::uint8_t>> format_header_block(const Headers& headers,
                                                      const Limits& limits) {
  struct Pair {
    std::string name;
    std::string value;
    bool has_empty_value;
  };
  std::vector<Pair> pairs;
  std::unordered_map<std::string, std::size_t> place;
  for (const Headers::Field& field : headers) {
    std::string name = to_lower(field.name);
    if (!is_header_name(name)) {
      return Error(Errc::kBadHeaderName, "header name " + quoted(name) +
                                             " cannot be sent: names are printable ASCII "
                                             "without spaces and not empty");
    }
    if (std::find(kForbidden.begin(), kForbidden.end(), name) != kForbidden.end()) {
      return Error(Errc::kForbiddenHeader,
                   "header " + quoted(name) + " must not be sent over SPDY (section 3.2.1)");
    }
    if (field.value.find('\0') != std::string::npos) {
      return Error(Errc::kBadHeaderValue,
                   "a value of header " + quoted(name) + " contains NUL, which separates values");
    }
    const auto [position, is_new] = place.try_emplace(name, pairs.size());
    if (is_new) {
      pairs.push_back({std::move(name), std::string(field.value), field.value.empty()});
      continue;
    }
    Pair& pair = pairs[position->second];
    pair.has_empty_value = pair.has_empty_value || field.value.empty();
    if (pair.has_empty_value) {
      return Error(Errc::kBadHeaderValue,
                   "header " + quoted(name) + " has several values and one of them is empty");
    }
    pair.value += '\0';
    pair.value += field.value;
  }
  const std::size_t count = headers.size();
  if (count > limits.headers_per_block) return too_many_headers(count, limits);
  std::size_t expanded = 0;
  for (const Headers::Field& field : headers) {
    expanded += field.name.size() + field.value.size();
  }
  std::size_t size = 4;
  for (const Pair& pair : pairs) size += kSmallestPair + pair.name.size() + pair.value.size();
  if (std::max(size, expanded) > limits.inflated_header_block) {
    return block_too_large(std::max(size, expanded), limits);
  }
  std::vector<std::uint8_t> block;
  block.reserve(size);
  append_u32(static_cast<std::uint32_t>(pairs.size()), block);
  for (const Pair& pair : pairs) {
    for (const std::string& text : {std::cref(pair.name), std::cref(pair.value)}) {
      append_u32(static_cast<std::uint32_t>(text.size()), block);
      const Bytes bytes = bytes_of(text);
      block.insert(block.end(), bytes.begin(), bytes.end());
    }
  }
  return block;
}

namespace {

/// Takes length-prefixed texts from a block.
class BlockReader {
 public:
  explicit BlockReader(Bytes block) : rest_(block) {}

  std::size_t left() const { return rest_.size(); }

  bool take_u32(std::uint32_t& value) {
    if (rest_.size() < 4) return false;
    value = read_u32(rest_, 0);
    rest_ = rest_.subspan(4);
    return true;
  }

  bool take_text(std::string_view& text) {
    std::uint32_t length = 0;
    if (!take_u32(length) || length > rest_.size()) return false;
    text = text_of(rest_.first(length));
    rest_ = rest_.subspan(length);
    return true;
  }

 private:
  Bytes rest_;
};

Error malformed(std::uint32_t index, std::uint32_t count) {
  return Error(Errc::kMalformedHeaderBlock, "pair " + std::to_string(index + 1) + " of " +
                                                std::to_string(count) +
                                                " reaches past the end of the header block");
}

/// Adds fields as long as the limits allow. Each of several values of one name becomes a field with
/// a name of its own, so a block can expand to far more than its size: the expanded size counts.
class BoundedHeaders {
 public:
  BoundedHeaders(const Limits& limits, std::size_t pairs, std::size_t text) : limits_(limits) {
    headers_.reserve(pairs, text);
  }

  /// Adds the values of one pair: separated by single NULs, and none of several empty (section
  /// 2.6.10).
  Error add_values(std::string_view name, std::string_view joined) {
    if (joined.find('\0') == std::string_view::npos) return add(name, joined);
    while (true) {
      const std::size_t end = joined.find('\0');
      const std::string_view value = joined.substr(0, end);
      if (value.empty()) {
        return Error(Errc::kBadHeaderValue,
                     "header " + quoted(name) + " has an empty value in a list of several");
      }
      if (Error error = add(name, value)) return error;
      if (end == std::string_view::npos) return {};
      joined.remove_prefix(end + 1);
    }
  }

  Headers take() { return std::move(headers_); }

 private:
  Error add(std::string_view name, std::string_view value) {
    bytes_ += name.size() + value.size();
    if (bytes_ > limits_.inflated_header_block) return block_too_large(bytes_, limits_);
    if (headers_.size() == limits_.headers_per_block) {
      return too_many_headers(limits_.headers_per_block + 1, limits_);
    }
    headers_.add(name, value);
    return {};
  }

  const Limits& limits_;
  Headers headers_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Headers> parse_header_block(Bytes block, const Limits& limits) {
  if (block.empty()) return Headers();
  BlockReader reader(block);
  std::uint32_t count = 0;
  if (!reader.take_u32(count)) {
    return Error(Errc::kMalformedHeaderBlock, "the header block is shorter than its pair count");
  }
  if (count > limits.headers_per_block) return too_many_headers(count, limits);
  if (count > reader.left() / kSmallestPair) {
    return Error(Errc::kMalformedHeaderBlock, "a header block claims " + std::to_string(count) +
                                                  " pairs in " + std::to_string(reader.left()) +
                                                  " bytes");
  }
  BoundedHeaders headers(limits, count, reader.left() - count * kSmallestPair);
  std::unordered_set<std::string_view> seen;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string_view name;
    std::string_view value;
    if (!reader.take_text(name) || !reader.take_text(value)) return malformed(i, count);
    if (!is_header_name(name)) {
      return Error(Errc::kBadHeaderName, "header name " + quoted(name) +
                                             " is empty, not lower case or not printable ASCII");
    }
    if (!seen.insert(name).second) {
      return Error(Errc::kDuplicateHeader, "header " + quoted(name) + " stands twice");
    }
    if (Error error = headers.add_values(name, value)) return error;
  }
  if (reader.left() != 0) {
    return Error(Errc::kMalformedHeaderBlock,
                 std::to_string(reader.left()) + " bytes are left behind the last pair");
  }
  return headers.take();
}

}  // namespace uvspdy::wire
