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

/// Writes `headers` as a block. Names become lower case; the values of one name are joined by NUL,
/// in the place where the name stood first.
///
/// Errors: kBadHeaderName, kBadHeaderValue (a NUL in a value, an empty value in a list),
/// kForbiddenHeader (connection, host, keep-alive, proxy-connection, transfer-encoding: Go's
/// spdystream drops the connection when it sees one), kTooManyHeaders, kHeaderBlockTooLarge.
UVSPDY_EXPORT Result<std::vector<std::uint8_t>> format_header_block(const Headers& headers,
                                                                    const Limits& limits);

/// Reads a block. Every count and length is checked against the bytes that are there before
/// anything is allocated. An empty block reads as no headers.
///
/// Errors: kMalformedHeaderBlock, kTooManyHeaders, kBadHeaderName, kDuplicateHeader,
/// kBadHeaderValue; all of them stream errors (section 2.6.10).
UVSPDY_EXPORT Result<Headers> parse_header_block(Bytes block, const Limits& limits);

}  // namespace uvspdy::wire
