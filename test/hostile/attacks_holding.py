"""What waits to be sent or read: peers that have much echoed and take none of it, that read a byte
at a time, and that come in great numbers."""

import functools
import struct

import frames
import spdy
from suite import BUFFERS, ECHO, EXEC, FORWARD, WINDOWS, attack, session_attack

on_session = functools.partial(session_attack, group="holding")
on_server = functools.partial(attack, group="holding")
LARGE = {"window": 0x7FFFFFFF}
NONE = {"window": 0}


def fill(session, streams, size, piece=16384):
    """Has so many bytes echoed on each stream, and reads none of them."""
    payload = bytes(size)
    for stream in streams:
        frame = b"".join(
            frames.data(stream, payload[at : at + piece]) for at in range(0, size, piece)
        )
        session.send(frame, read=False)
    session.sleep()


@on_session("hold-big", "4,000 streams with large windows, each echoed 60 KB and never read", ECHO,
            opening=LARGE, memory=BUFFERS + WINDOWS)  # fmt: skip
def _(session):
    fill(session, session.open_streams(4000), 60_000)


@on_session(
    "hold-big-fill",
    "4,000 streams with large windows, each filled up and never read",
    ECHO,
    opening=LARGE,
    memory=BUFFERS + WINDOWS,
)
def _(session):
    fill(session, session.open_streams(4000), 256 * 1024)


@on_session(
    "hold-no-windows",
    "1,000 streams of a client without windows, echoed and never read",
    ECHO,
    memory=BUFFERS,
)
def _(session):
    fill(session, session.open_streams(1000), 60_000)


@on_session(
    "hold-window-zero",
    "4,000 streams whose windows are 0, so that no echo may leave",
    ECHO,
    opening=NONE,
    memory=BUFFERS + WINDOWS,
)
def _(session):
    fill(session, session.open_streams(4000), 60_000)


@on_session(
    "hold-single-bytes",
    "1,000 streams, each echoed 20,000 frames of one byte, never read",
    ECHO,
    opening=LARGE,
)
def _(session):
    for stream in session.open_streams(1000):
        session.send(frames.data(stream, b"x") * 20_000, read=False)
    session.sleep()


@on_session("window-closes", "100 streams echoed while SETTINGS makes their windows negative", ECHO,
            opening={"window": 65536})  # fmt: skip
def _(session):
    streams = session.open_streams(100)
    session.send(frames.settings((7, 0)))
    fill(session, streams, 60_000)


@on_session(
    "window-trickle",
    "100 streams whose windows open by one byte at a time: data dribble",
    ECHO,
    opening=NONE,
)
def _(session):
    streams = session.open_streams(100)
    session.send(b"".join(frames.data(stream, bytes(16384)) for stream in streams))
    session.flood(b"".join(frames.window_update(stream, 1) for stream in streams))


@on_session("slow-reader", "an echo that is read a kilobyte at a time, ten times a second", ECHO)
def _(session):
    frame = frames.data(session.stream, bytes(16384)) * 200
    session.send(frame, read=False)
    while True:
        session.sleep(0.1)
        session.read(1024)


@on_session("half-close-and-hold", "4,000 streams that are half-closed and left", ECHO)
def _(session):
    streams = session.open_streams(4000)
    session.send(b"".join(frames.data(s, b"x", spdy.FLAG_FIN) for s in streams), read=False)
    session.sleep()


@on_session("stdin-unread", "an exec whose command reads no input, and gets it without end", EXEC,
            opening={"words": ("sleep", "1000")})  # fmt: skip
def _(session):
    session.flood(frames.data(session.stream, bytes(16384)))


@on_session(
    "output-unread",
    "an exec whose command writes without end to a client that reads not",
    EXEC,
    opening={"words": ("cat", "/dev/zero")},
)
def _(session):
    session.sleep()


@on_session("output-unread-window", "the same for a client with large windows", EXEC,
            opening={"words": ("cat", "/dev/zero"), "window": 0x7FFFFFFF})  # fmt: skip
def _(session):
    session.sleep()


@on_session(
    "forward-hold",
    "1,000 forwarded connections, each echoed 60 KB and never read",
    FORWARD,
    opening=LARGE,
    memory=BUFFERS,
)
def _(session):
    streams = open_pairs(session, 1000)
    fill(session, streams, 60_000)


def open_pairs(session, count):
    """Pairs of streams to the port that the session has; returns those for data."""
    port, first = session.port, session.next_id(2 * count)
    made = []
    for number in range(count):
        error = first + 4 * number
        for stream, kind in ((error, b"error"), (error + 2, b"data")):
            block = frames.block(
                (b"streamtype", kind), (b"port", b"%d" % port), (b"requestid", b"%d" % (number + 1))
            )
            flags = spdy.FLAG_FIN if kind == b"error" else 0
            made.append(frames.syn_stream(stream, block, flags))
    session.send(b"".join(made))
    session.pause(0.2)
    return range(first + 2, first + 4 * count, 4)


@on_server("dribble", "SPDY that comes a byte at a time", ECHO, EXEC)
def _(attacker):
    session = attacker.session()
    while True:
        session.dribble(frames.data(session.stream, b"x") + frames.ping(1))


@on_server(
    "frame-unfinished",
    "frames that are announced, begun and never finished, 200 at a time",
    ECHO,
    memory=200 * 320 * 1024,
)
def _(attacker):
    sessions = [attacker.session() for _ in range(200)]
    for session in sessions:
        frame = struct.pack(">HHI", 0x8003, spdy.HEADERS, 160 * 1024)
        session.send(frame + bytes(100_000))
    sessions[0].pause()


@on_server("half-closed-connections", "200 clients that have ended their side and stay", ECHO,
           memory=200 * 320 * 1024)  # fmt: skip
def _(attacker):
    sessions = [attacker.session() for _ in range(200)]
    for session in sessions:
        session.send(frames.data(session.stream, bytes(16384)), read=False)
        session.shut_down()
    sessions[0].sleep()


@on_server(
    "connect-and-reset",
    "connections that open a stream and break off by a TCP reset",
    ECHO,
    EXEC,
)
def _(attacker):
    while attacker.left():
        session = attacker.session()
        session.send(frames.data(session.stream, b"x"), read=False)
        session.reset()


@on_server("connect-and-close", "connections that are closed at once", ECHO, EXEC)
def _(attacker):
    while attacker.left():
        attacker.link().close()


# 72 KB each with all that zlib has asked for touched, as with MALLOC_PERTURB_.
@on_server("many-sessions", "500 sessions that do nothing", ECHO, memory=500 * 80 * 1024)
def _(attacker):
    sessions = [attacker.session() for _ in range(500)]
    sessions[0].sleep()
