"""Frames without end: whatever a peer sends, one connection costs its share."""

import functools

import frames
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


@attack("hold-big", "1,000 streams with large windows, each echoed 60 KB and never read", ECHO,
        opening={"window": 0x7FFFFFFF})  # fmt: skip
def _(session):
    for stream in session.open_streams(1000):
        session.send(frames.data(stream, bytes(60_000)), read=False)
    session.sleep()
