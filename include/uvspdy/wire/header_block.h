#pragma once

#include <cstddef>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/limits.h"

// The name/value header block of section 2.6.10, before compression:
// count (32), then count times [name length (32), name, value length (32), value].

namespace uvspdy::wire {

/// Encodes `headers` as a block. Names are converted to lower case; all values of one name are
/// joined by NUL, at the place of the first.
///
/// Errors: kBadHeaderName, kBadHeaderValue (NUL inside a value, an empty one among several of a
/// name), kForbiddenHeader (connection, host, keep-alive, proxy-connection, transfer-encoding: Go's
/// spdystream drops the connection when it reads one), kTooManyHeaders, kHeaderBlockTooLarge.
UVSPDY_EXPORT Result<std::vector<std::uint8_t>> format_header_block(const Headers& headers,
                                                                    const Limits& limits);

/// Decodes a block. Every count and length is checked against the size of the block before memory
/// is allocated for it. An empty block means no headers.
///
/// Errors, all of them stream errors (section 2.6.10): kMalformedHeaderBlock, kTooManyHeaders,
/// kHeaderBlockTooLarge, kBadHeaderName, kDuplicateHeader, kBadHeaderValue.
UVSPDY_EXPORT Result<Headers> parse_header_block(Bytes block, const Limits& limits);

}  // namespace uvspdy::wire
