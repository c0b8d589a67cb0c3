#pragma once

#include <cstddef>
#include <functional>

#include "support/catch.h"
#include "support/strict_decoder.h"
#include "uvspdy/bytes.h"
#include "uvspdy/limits.h"

namespace uvspdy::test {

/// Decodes `input` whole, cut in two at every place, and byte by byte, and has each outcome
/// checked: a decoder must not see where its input was cut.
inline void at_every_cut(Bytes input, const std::function<void(const StrictDecoder&)>& check,
                         const Limits& limits = {}) {
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    INFO("cut in two at " << cut);
    StrictDecoder decoder(limits);
    decoder.feed(input.first(cut));
    decoder.feed(input.subspan(cut));
    check(decoder);
  }
  INFO("byte by byte");
  StrictDecoder decoder(limits);
  for (std::size_t i = 0; i < input.size(); ++i) decoder.feed(input.subspan(i, 1));
  check(decoder);
}

}  // namespace uvspdy::test
