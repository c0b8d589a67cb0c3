// Floors 0 and 1 when memory cannot be had: bad_alloc leaves the call, nothing leaks, and the
// object can be destroyed.

#include "faults/every_allocation.h"
#include "support/patterned_text.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/headers.h"
#include "uvspdy/printable.h"
#include "uvspdy/wire/frame_decoder.h"
#include "uvspdy/wire/frame_encoder.h"

namespace uvspdy::test {
namespace {

const Headers& some_headers() {
  static const Headers headers{{"streamtype", "stdin"}, {"port", "8080"}, {"requestid", "17"}};
  return headers;
}

TEST_CASE("Error, Buffer, Headers, Callback: every allocation fails in turn", "[faults][core]") {
  const std::string long_text(200, 'x');
  const std::size_t allocations = fail_every_allocation([&] {
    Headers headers;
    Error error;
    BufferPool pool(1000, 2);
    std::vector<Buffer> buffers;
    buffers.reserve(4);
    std::size_t calls = 0;
    Callback<void()> callback([&calls] { ++calls; });
    try {
      in_library([&] {
        headers = some_headers();
        headers.add("accept", long_text);
        headers.set("port", long_text);
        headers.remove("requestid");
        error = Error(std::make_error_code(std::errc::timed_out), long_text + "\x1b[0m");
        buffers.push_back(Buffer::copy_of(long_text));
        for (int i = 0; i < 3; ++i) buffers.push_back(pool.take().freeze(10));
        callback = [&calls, text = long_text] { calls += text.size(); };
        (void)printable("\xff\xfe\x01" + long_text, 100);
      });
    } catch (const std::bad_alloc&) {
      // Headers and callbacks have their old value or the new one.
      if (headers.get("port") && headers.get("streamtype") != "stdin") FAIL("half of the headers");
      callback();
      if (calls != 1 && calls != long_text.size()) FAIL("neither the old callback nor the new one");
    }
  });
  CHECK(allocations > 10);
}

// What one direction of a connection carries, in frames of each kind.
void encode_all(wire::FrameEncoder& encoder, std::vector<std::uint8_t>& out) {
  Headers many = some_headers();
  for (int i = 0; i < 40; ++i) many.add("name-" + std::to_string(i), patterned_text(300));
  in_library([&] {
    const auto encode = [&](const auto& frame) {
      if (const Error error = encoder.encode(frame, out)) in_test([&] { FAIL(error.message()); });
    };
    encode(wire::SynStreamFrame{.stream_id = 1, .headers = some_headers()});
    encode(wire::SynReplyFrame{2, false, some_headers()});
    encode(wire::HeadersFrame{1, true, many});
    wire::FrameEncoder::encode(wire::RstStreamFrame{1, wire::RstStatus::kCancel}, out);
    wire::FrameEncoder::encode(
        wire::SettingsFrame{false, {{wire::SettingId::kInitialWindowSize, 0, 1000}}}, out);
    wire::FrameEncoder::encode(wire::PingFrame{1}, out);
    wire::FrameEncoder::encode(wire::GoAwayFrame{1, wire::GoAwayStatus::kOk}, out);
    wire::FrameEncoder::encode(wire::WindowUpdateFrame{1, 1000}, out);
  });
}

TEST_CASE("encoder: every allocation fails in turn", "[faults][wire]") {
  const bool stored = GENERATE(false, true);
  const std::size_t allocations = fail_every_allocation([&] {
    wire::FrameEncoder encoder(wire::HeaderCompression{.stored = stored}, {});
    std::vector<std::uint8_t> out;
    try {
      encode_all(encoder, out);
    } catch (const std::bad_alloc&) {
    }
  });
  CHECK(allocations > 20);
}

TEST_CASE("decoder: every allocation fails in turn", "[faults][wire]") {
  std::vector<std::uint8_t> input;
  {
    wire::FrameEncoder encoder;
    encode_all(encoder, input);
  }
  const std::size_t step = GENERATE(as<std::size_t>(), 7, 100000);
  const std::size_t allocations = fail_every_allocation([&] {
    wire::FrameDecoder decoder;
    std::size_t frames = 0;
    try {
      for (Bytes rest(input); !rest.empty();) {
        Bytes piece = rest.first(std::min(step, rest.size()));
        rest = rest.subspan(piece.size());
        for (;;) {
          const Result<wire::Decoded> decoded = in_library([&] { return decoder.next(piece); });
          // A peer is not to blame for memory that cannot be had.
          if (!decoded) FAIL(decoded.error().message());
          if (std::holds_alternative<wire::InvalidHeaderBlock>(*decoded)) FAIL("invalid headers");
          if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) break;
          ++frames;
        }
      }
      if (frames != 8) FAIL(frames << " frames and not 8");
    } catch (const std::bad_alloc&) {
    }
  });
  CHECK(allocations > 10);
}

TEST_CASE("header compression moved elsewhere: every allocation fails in turn", "[faults][wire]") {
  const std::string block = patterned_text(40000);
  const std::size_t allocations = fail_every_allocation([&] {
    try {
      wire::HeaderDeflater deflater;
      wire::HeaderInflater inflater(100000);
      for (int i = 0; i < 3; ++i) {
        in_library([&] {
          std::vector<std::uint8_t> out;
          wire::HeaderDeflater moved(std::move(deflater));
          const Error error = moved.deflate(bytes_of(block), 1000000, out);
          if (error) in_test([&] { FAIL(error.message()); });
          wire::HeaderInflater other(std::move(inflater));
          const Result<Bytes> inflated = other.inflate(out);
          if (!inflated) in_test([&] { FAIL(inflated.error().message()); });
          if (inflated->size() != block.size()) in_test([] { FAIL("not the same"); });
          deflater = std::move(moved);
          inflater = std::move(other);
        });
      }
    } catch (const std::bad_alloc&) {
    }
  });
  CHECK(allocations > 10);
}

}  // namespace
}  // namespace uvspdy::test
