// Header blocks: parsing and formatting are each other's inverse, and so are the two sides of the
// compression. The input: one byte that chooses which, then what it works on.

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz_input.h"
#include "uvspdy/wire/header_block.h"
#include "uvspdy/wire/header_compression.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

Limits small_limits() {
  Limits limits;
  limits.inflated_header_block = 2000;
  limits.headers_per_block = 20;
  return limits;
}

void check_limits(const Headers& headers, const Limits& limits) {
  std::size_t size = 0;
  for (const Headers::Field& field : headers) {
    size += field.name.size() + field.value.size();
  }
  require(headers.size() <= limits.headers_per_block, "more headers than the limit");
  require(size <= limits.inflated_header_block, "larger headers than the limit");
}

// There is one way to write a block down, so what was parsed comes out as it was.
void parse_and_format(Bytes block, const Limits& limits) {
  const Result<Headers> headers = wire::parse_header_block(block, limits);
  if (!headers) {
    require(!headers.error().message().empty(), "an error without a text");
    return;
  }
  check_limits(*headers, limits);
  const Result<std::vector<std::uint8_t>> again = wire::format_header_block(*headers, limits);
  if (!again) {
    const bool too_large = block.size() > limits.inflated_header_block;
    require(again.error().code() == wire::Errc::kForbiddenHeader ||
                (too_large && again.error().code() == wire::Errc::kHeaderBlockTooLarge),
            "what was parsed cannot be formatted");
    return;
  }
  if (block.empty()) {
    require(headers->empty(), "headers out of nothing");
  } else {
    require(std::equal(block.begin(), block.end(), again->begin(), again->end()),
            "parsing and formatting changes a block");
  }
}

// Any headers that a caller may come up with, names of several values and bad ones too.
Headers headers_from(FuzzInput& input) {
  Headers headers;
  while (!input.empty()) {
    const std::uint8_t sizes = input.u8();
    const Bytes name = input.bytes(sizes >> 5);
    const Bytes value = input.bytes(sizes & 31);
    headers.add(text_of(name), text_of(value));
  }
  return headers;
}

// As the wire orders them: lower case, the values of one name together, where it stood first.
Headers as_on_the_wire(const Headers& headers) {
  Headers result;
  for (const Headers::Field& field : headers) {
    if (result.get(field.name)) continue;
    for (const std::string_view value : headers.values(field.name)) {
      result.add(to_lower(field.name), value);
    }
  }
  return result;
}

void format_and_parse(FuzzInput& input, const Limits& limits) {
  const Headers headers = headers_from(input);
  const Result<std::vector<std::uint8_t>> block = wire::format_header_block(headers, limits);
  if (!block) {
    require(!block.error().message().empty(), "an error without a text");
    return;
  }
  require(block->size() <= limits.inflated_header_block, "a block past the limit");
  const Result<Headers> again = wire::parse_header_block(*block, limits);
  if (!again) violation("what we format does not parse: " + again.error().message());
  require(*again == as_on_the_wire(headers), "formatting and parsing changes headers");
}

// Several blocks, because they share one zlib stream.
void deflate_and_inflate(FuzzInput& input) {
  wire::HeaderCompression compression;
  compression.level = 1 + static_cast<int>(input.below(9));
  compression.window_bits = 9 + static_cast<int>(input.below(7));
  compression.memory_level = 1 + static_cast<int>(input.below(9));
  compression.stored = input.below(4) == 0;
  constexpr std::size_t kMaxSize = 3000;
  wire::HeaderDeflater deflater(compression);
  wire::HeaderInflater inflater(kMaxSize);
  while (!input.empty()) {
    const Bytes seed = input.bytes(input.u8());
    // Repeated, so that short inputs give long matches.
    std::vector<std::uint8_t> block;
    for (std::size_t times = 1 + input.below(16); times > 0; --times) {
      block.insert(block.end(), seed.begin(), seed.end());
    }
    std::vector<std::uint8_t> compressed = {1, 2, 3};
    const std::size_t before = compressed.size();
    if (const Error error = deflater.deflate(block, kMaxSize, compressed)) {
      require(error.code() == wire::Errc::kFrameTooLarge, error.message().c_str());
      require(compressed.size() == before, "a failed deflate has appended something");
      continue;
    }
    const Bytes appended = Bytes(compressed).subspan(before);
    require(appended.size() <= kMaxSize, "compressed past the size given");
    require(!appended.empty() || block.empty(), "compressed to nothing");
    const Result<Bytes> inflated = inflater.inflate(appended);
    if (!inflated) violation("what we deflate does not inflate: " + inflated.error().message());
    require(std::equal(block.begin(), block.end(), inflated->begin(), inflated->end()),
            "deflating and inflating changes a block");
  }
}

void inflate_anything(FuzzInput& input) {
  const std::size_t max_size = input.u16();
  wire::HeaderInflater inflater(max_size);
  while (!input.empty()) {
    const Result<Bytes> inflated = inflater.inflate(input.bytes(input.u16() & 0xfff));
    if (!inflated) return;
    require(inflated->size() <= max_size, "inflated past the limit");
  }
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::FuzzInput input{Bytes(data, size)};
  const std::uint8_t choice = input.u8();
  const Limits limits = (choice & 4) != 0 ? fuzz::small_limits() : Limits();
  switch (choice & 3) {
    case 0: fuzz::parse_and_format(input.rest(), limits); break;
    case 1: fuzz::format_and_parse(input, limits); break;
    case 2: fuzz::deflate_and_inflate(input); break;
    default: fuzz::inflate_anything(input); break;
  }
  return 0;
}
