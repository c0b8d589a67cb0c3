"""Frames without end: whatever a peer sends, one connection costs its share."""

import functools
import struct

import frames
import spdy
from suite import ECHO, EXEC, session_attack

attack = functools.partial(session_attack, group="frames")


@attack("headers-bomb", "HEADERS whose 170 bytes inflate to 126 KiB", ECHO, EXEC)
def _(session):
    session.flood(frames.headers(session.stream, frames.bomb()))


@attack("syn-bomb", "SYN_STREAM whose 170 bytes inflate to 126 KiB", ECHO, EXEC)
def _(session):
    block = frames.bomb()
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("headers-flood", "small HEADERS", ECHO, EXEC)
def _(session):
    session.flood(frames.headers(session.stream, frames.block((b"a", b"b"))))


@attack("headers-many-names", "HEADERS with 1,000 names", ECHO)
def _(session):
    names = [(b"n%d" % number, b"") for number in range(1000)]
    session.flood(frames.headers(session.stream, frames.block(*names)))


@attack("data-one-byte", "DATA of one byte", ECHO, EXEC)
def _(session):
    session.flood(frames.data(session.stream, b"x"))


@attack("data-empty", "DATA of no byte", ECHO, EXEC)
def _(session):
    session.flood(frames.data(session.stream))


@attack("data-unknown-stream", "DATA for streams that never were", ECHO, EXEC)
def _(session):
    session.flood(frames.data(1001, b"x"))


@attack("reset-unknown-stream", "RST_STREAM for streams that never were", ECHO, EXEC)
def _(session):
    session.flood(frames.reset(1001))


@attack("window-update-flood", "WINDOW_UPDATE of 1 for the connection", ECHO)
def _(session):
    session.flood(frames.window_update(0, 1))


@attack("header-names-too-many", "HEADERS with 1,001 names, which is one more than may be", ECHO)
def _(session):
    names = [(b"n%d" % number, b"") for number in range(1001)]
    session.flood(frames.headers(session.stream, frames.block(*names)))


@attack("header-name-twice", "HEADERS with a name that comes twice", ECHO)
def _(session):
    session.flood(frames.headers(session.stream, frames.block((b"a", b"b"), (b"a", b"c"))))


@attack("header-name-upper-case", "SYN_STREAM with a name in upper case", ECHO)
def _(session):
    block = frames.block((b"A", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("header-name-empty", "SYN_STREAM with an empty name", ECHO)
def _(session):
    block = frames.block((b"", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("header-values-empty", "HEADERS whose value is 100,000 NULs", ECHO)
def _(session):
    session.flood(frames.headers(session.stream, frames.block((b"a", bytes(100_000)))))


@attack("header-count-lies", "SYN_STREAM that claims 2^31 headers and has one", ECHO)
def _(session):
    block = frames.block((b"a", b"b"), count=1 << 31)
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("header-length-lies", "SYN_STREAM with a header that claims 2^31 bytes", ECHO)
def _(session):
    block = frames.deflated(struct.pack(">II1sI", 1, 1, b"a", 1 << 31))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("header-block-too-long", "a block that inflates to 100 MB", ECHO, EXEC)
def _(session):
    session.send(frames.headers(session.stream, frames.bomb(100 << 20)))
    session.pause()


@attack(
    "header-block-of-flushes",
    "header blocks of 8,000 empty stored blocks: CONTINUATION flood",
    ECHO,
)
def _(session):
    block = frames.block((b"a", b"b")) + b"\0\0\0\xff\xff" * 8000
    session.flood(frames.headers(session.stream, block))


@attack("header-block-unfinished", "HEADERS whose block ends inside of a value", ECHO)
def _(session):
    session.flood(frames.headers(session.stream, frames.block((b"a", b"b"))[:-5]))


@attack("header-block-empty", "HEADERS with a block of no byte", ECHO)
def _(session):
    session.flood(frames.headers(session.stream, b""))


@attack("header-block-garbage", "HEADERS that zlib cannot read", ECHO)
def _(session):
    session.flood(frames.headers(session.stream, b"\xff" * 64))


@attack("headers-unknown-stream", "HEADERS for streams that never were", ECHO)
def _(session):
    session.flood(frames.headers(1001, frames.block((b"a", b"b"))))


@attack("syn-flood", "SYN_STREAM, all of which are left open", ECHO, EXEC)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("syn-fin", "SYN_STREAM with FIN", ECHO, EXEC)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block, spdy.FLAG_FIN))


@attack("syn-unidirectional", "SYN_STREAM with UNIDIRECTIONAL", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block, 2))


@attack("syn-large-headers", "streams with 100 KB of headers each, left open", ECHO)
def _(session):
    block = frames.bomb(100_000)
    session.flood_ids(lambda number: frames.syn_stream(number, block), 64)


@attack("syn-same-id", "SYN_STREAM of one stream, over and over", ECHO)
def _(session):
    session.flood(frames.syn_stream(session.next_id(), frames.block((b"a", b"b"))))


@attack("syn-id-goes-back", "SYN_STREAM with ids that go back", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    ids = range(100_001, 1, -2)
    session.flood(b"".join(frames.syn_stream(number, block) for number in ids))


@attack("syn-even-id", "SYN_STREAM with the server's ids", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood(b"".join(frames.syn_stream(n, block) for n in range(2, 10_000, 2)))


@attack("syn-reply-flood", "SYN_REPLY for streams that we have not opened", ECHO)
def _(session):
    session.flood(frames.syn_reply(2, frames.block((b"a", b"b"))))


@attack("rapid-reset", "streams that are reset at once: CVE-2023-44487", ECHO, EXEC)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(lambda number: frames.syn_stream(number, block) + frames.reset(number))


@attack("rapid-reset-with-data", "streams that bring 100 bytes and are reset", ECHO)
def _(session):
    block, payload = frames.block((b"a", b"b")), bytes(100)
    session.flood_ids(
        lambda number: frames.syn_stream(number, block)
        + frames.data(number, payload)
        + frames.reset(number)
    )


@attack(
    "made-you-reset-window-zero",
    "streams that we reset: WINDOW_UPDATE of 0; CVE-2025-8671",
    ECHO,
    EXEC,
)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(
        lambda number: frames.syn_stream(number, block) + frames.window_update(number, 0)
    )


@attack("made-you-reset-window-overflow", "streams that we reset: a window above 2^31", ECHO)
def _(session):
    block, twice = frames.block((b"a", b"b")), 0x7FFFFFFF
    session.flood_ids(
        lambda number: frames.syn_stream(number, block) + frames.window_update(number, twice)
    )


@attack("made-you-reset-data-after-fin", "streams that we reset: DATA behind FIN", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(
        lambda number: frames.syn_stream(number, block, spdy.FLAG_FIN) + frames.data(number, b"x")
    )


@attack("made-you-reset-headers-after-fin", "streams that we reset: HEADERS behind FIN", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(
        lambda number: frames.syn_stream(number, block, spdy.FLAG_FIN)
        + frames.headers(number, block)
    )


@attack("made-you-reset-syn-reply", "streams that we reset: a SYN_REPLY from who opened them", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(
        lambda number: frames.syn_stream(number, block) + frames.syn_reply(number, block)
    )


@attack("data-closed-stream", "DATA for a stream that is over", ECHO)
def _(session):
    session.send(frames.reset(session.stream))
    session.flood(frames.data(session.stream, b"x"))


@attack("data-unknown-large", "DATA of 16 KiB for streams that never were", ECHO)
def _(session):
    session.flood(frames.data(1001, bytes(16384)))


@attack("data-stream-zero", "DATA for stream 0", ECHO)
def _(session):
    session.flood(frames.data(0, b"x"))


@attack("data-flags", "DATA with flags that there are not", ECHO)
def _(session):
    session.flood(frames.data(session.stream, b"x", flags=0xFE))


@attack("data-longest", "one DATA frame of 16 MiB after another", ECHO, EXEC)
def _(session):
    frame = frames.data(session.stream, bytes(0xFFFFFF))
    session.flood(frame)


@attack("data-fin-twice", "DATA with FIN, over and over", ECHO)
def _(session):
    session.flood(frames.data(session.stream, b"", spdy.FLAG_FIN))


@attack("reset-status-zero", "RST_STREAM with the status that there is not", ECHO)
def _(session):
    session.flood(frames.reset(session.stream, 0))


@attack("reset-known-stream", "RST_STREAM for a stream that is over", ECHO)
def _(session):
    session.flood(frames.reset(session.stream))


@attack("window-update-stream", "WINDOW_UPDATE of 1 for an open stream", ECHO)
def _(session):
    session.flood(frames.window_update(session.stream, 1))


@attack("window-update-unknown-stream", "WINDOW_UPDATE for streams that never were", ECHO)
def _(session):
    session.flood(frames.window_update(1001, 1))


@attack(
    "window-update-overflow",
    "WINDOW_UPDATEs that lift the connection's window above 2^31",
    ECHO,
)
def _(session):
    session.flood(frames.window_update(0, 0x7FFFFFFF))


@attack("goaway-flood", "GOAWAY without an end", ECHO, EXEC)
def _(session):
    session.flood(frames.goaway())


@attack("goaway-and-on", "GOAWAY, then streams as if nothing had been said", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.send(frames.goaway())
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@attack("unknown-types", "frames of a type that there is not", ECHO, EXEC)
def _(session):
    session.flood(frames.control(77))


@attack("unknown-types-long", "frames of 16 MiB of a type that there is not", ECHO)
def _(session):
    session.flood(frames.control(77, tail=bytes(0xFFFFFF)))


@attack("unknown-flags", "PING with flags", ECHO)
def _(session):
    session.flood(frames.control(spdy.PING, 1, flags=0xFF))


@attack("wrong-version", "frames of SPDY/2", ECHO)
def _(session):
    session.flood(frames.control(spdy.PING, 1, version=2))


@attack("wrong-length", "PING frames of 5 bytes", ECHO)
def _(session):
    session.flood(frames.control(spdy.PING, 1, tail=b"x"))


@attack("frame-too-long", "a control frame that claims 16 MiB", ECHO, EXEC)
def _(session):
    session.flood(frames.control(spdy.HEADERS, session.stream, length=0xFFFFFF))


@attack("ping-flood", "PINGs, whose answers are read", ECHO, EXEC)
def _(session):
    session.flood(frames.ping(1))


@attack("ping-flood-unread", "PINGs, whose answers are not read", ECHO, EXEC)
def _(session):
    session.flood(frames.ping(1), read=False)


@attack("ping-answers", "answers to PINGs that we have not sent", ECHO)
def _(session):
    session.flood(frames.ping(2))


@attack("settings-flood", "SETTINGS", ECHO, EXEC)
def _(session):
    session.flood(frames.settings((4, 100)))


@attack("settings-count-lies", "SETTINGS that claim 2^29 entries and have one", ECHO)
def _(session):
    session.flood(frames.settings((7, 1), count=1 << 29))


@attack("settings-many-entries", "SETTINGS with 64 entries", ECHO)
def _(session):
    session.flood(frames.settings(*((number, 1) for number in range(100, 164))))


@attack(
    "settings-window-churn",
    "SETTINGS that change the windows of 1,000 streams, back and forth",
    ECHO,
)
def _(session):
    session.open_streams(1000)
    session.flood(frames.settings((7, 1)) + frames.settings((7, 65536)))


@attack("priority-churn", "short streams of every priority, echoed", ECHO)
def _(session):
    block = frames.block((b"a", b"b"))
    session.flood_ids(
        lambda number: frames.syn_stream(number, block, priority=number // 2 % 8)
        + frames.data(number, b"x", spdy.FLAG_FIN)
    )


@attack("garbage", "bytes that are no frames", ECHO, EXEC)
def _(session):
    session.flood(bytes(range(256)))


@attack("zeros", "zeros, which are empty DATA frames for stream 0", ECHO)
def _(session):
    session.flood(bytes(4096))
