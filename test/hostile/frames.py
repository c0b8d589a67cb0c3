"""Frames as bytes, right or wrong, to be sent as often as an attack likes.

Each header block here is compressed by itself and refers to no block before it, so that the same
bytes may be sent again and again. The first block of a connection needs spdy.ZLIB_HEADER in front;
a Session has sent that block when it is handed to an attack.
"""

import struct
import zlib

import spdy

MOST = 128 * 1024  # of an inflated header block, by the default of Limits::inflated_header_block


def control(kind, *words, flags=0, tail=b"", length=None, version=3):
    """A control frame of 32-bit words and a tail; `length` may lie."""
    body = struct.pack(f">{len(words)}I", *words) + tail
    length = len(body) if length is None else length
    return struct.pack(">HHI", 0x8000 | version, kind, flags << 24 | length) + body


def data(stream, payload=b"", flags=0, length=None):
    length = len(payload) if length is None else length
    return struct.pack(">II", stream, flags << 24 | length) + payload


def fields(*pairs, count=None):
    """An uncompressed header block; `count` may lie."""
    block = [struct.pack(">I", len(pairs) if count is None else count)]
    for word in (word for pair in pairs for word in pair):
        block += (struct.pack(">I", len(word)), word)
    return b"".join(block)


def deflated(block):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(block) + deflate.flush(zlib.Z_SYNC_FLUSH)


def block(*pairs, count=None):
    """A compressed header block of (name, value) pairs."""
    return deflated(fields(*pairs, count=count))


def bomb(size=MOST - 2048, name=b"a"):
    """About 170 bytes that inflate to `size`: one header with a value of one letter."""
    return block((name, b"a" * size))


def syn_stream(stream, headers, flags=0, priority=0, associated=0):
    words = struct.pack(">IIBB", stream, associated, priority << 5, 0)
    return control(spdy.SYN_STREAM, flags=flags, tail=words + headers)


def syn_reply(stream, headers, flags=0):
    return control(spdy.SYN_REPLY, stream, flags=flags, tail=headers)


def headers(stream, headers, flags=0):
    return control(spdy.HEADERS, stream, flags=flags, tail=headers)


def reset(stream, status=5):
    return control(spdy.RST_STREAM, stream, status)


def window_update(stream, delta):
    return control(spdy.WINDOW_UPDATE, stream, delta)


def ping(number):
    return control(spdy.PING, number)


def goaway(last=0, status=0):
    return control(spdy.GOAWAY, last, status)


def settings(*entries, count=None):
    """Entries of (id, value)."""
    words = [word for entry in entries for word in entry]
    return control(spdy.SETTINGS, len(entries) if count is None else count, *words)


def repeated(frame, size=1 << 18):
    """As many of it as make up `size` bytes: few calls send much."""
    return frame * max(1, size // len(frame))
