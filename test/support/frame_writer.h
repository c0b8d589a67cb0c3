#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "uvspdy/bytes.h"
#include "uvspdy/wire/frame_encoder.h"

namespace uvspdy::test {

/// One direction of a connection as a peer writes it: frames to bytes, with one compression state
/// for all of them.
class FrameWriter {
 public:
  template <class Frame>
  std::vector<std::uint8_t> bytes(const Frame& frame) {
    std::vector<std::uint8_t> out;
    if constexpr (requires { Error(encoder_.encode(frame, out)); }) {
      const Error error = encoder_.encode(frame, out);
      REQUIRE_THAT(error, IsSuccess());
    } else {
      wire::FrameEncoder::encode(frame, out);
    }
    return out;
  }

  std::vector<std::uint8_t> data(wire::StreamId id, std::string_view payload, bool fin = false) {
    const auto head = wire::FrameEncoder::data_head(id, fin, payload.size());
    const Bytes body = bytes_of(payload);
    std::vector<std::uint8_t> out(head.size() + body.size());
    std::copy(body.begin(), body.end(), std::copy(head.begin(), head.end(), out.begin()));
    return out;
  }

 private:
  wire::FrameEncoder encoder_;
};

}  // namespace uvspdy::test
