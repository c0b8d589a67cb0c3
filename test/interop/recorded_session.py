"""A session as both sides sent it, with every type of frame in it, and what `uvspdy dump` says."""

import struct

import spdy

REQUEST_HEAD = (
    b"POST /exec HTTP/1.1\r\nHost: pod\r\nContent-Length: 0\r\n"
    b"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
)
ANSWER_HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
)


def settings_frame(entries, flags=0):
    """Entries of (flags, id, value)."""
    body = struct.pack(">I", len(entries))
    for entry_flags, number, value in entries:
        body += struct.pack(">II", entry_flags << 24 | number, value)
    return spdy.control_frame(spdy.SETTINGS, body, flags)


def client_frames():
    encoder = spdy.HeaderEncoder()
    return [
        settings_frame([(1, 7, 65536), (2, 4, 100), (0, 99, 1)], flags=1),
        spdy.control_frame(spdy.WINDOW_UPDATE, struct.pack(">II", 0, 1 << 20)),
        spdy.control_frame(spdy.PING, struct.pack(">I", 1)),
        encoder.syn_stream(1, {"streamtype": "error"}),
        encoder.syn_stream(
            3, {"list": "one\0two", "a": ""}, flags=3, associated_to=1, priority=5, slot=9
        ),
        spdy.data_frame(1, b"hello\n\x1b[31m\\"),
        encoder.headers(1, {"x": "y"}, flags=1),
        spdy.control_frame(spdy.RST_STREAM, struct.pack(">II", 1, 5)),
    ]


_CLIENT_LINES = [
    "> SETTINGS, {} bytes, 3 entries, CLEAR_SETTINGS, INITIAL_WINDOW_SIZE: 65536 PERSIST_VALUE, "
    "MAX_CONCURRENT_STREAMS: 100 PERSISTED, UNKNOWN 99: 1",
    "> WINDOW_UPDATE, {} bytes, delta 1048576",
    "> PING, {} bytes, id 1",
    "> SYN_STREAM stream 1, {} bytes, streamtype: error",
    "> SYN_STREAM stream 3, {} bytes, FIN, UNIDIRECTIONAL, associated to stream 1, priority 5, "
    "slot 9, list: one, list: two, a: ",
    "> DATA stream 1, {} bytes",
    "> HEADERS stream 1, {} bytes, FIN, x: y",
    "> RST_STREAM stream 1, {} bytes, CANCEL",
]


def server_frames():
    encoder = spdy.HeaderEncoder()
    return [
        encoder.syn_reply(1, {}),
        encoder.headers(1, {"x": "z"}),
        spdy.data_frame(1, b"", flags=1),
        spdy.control_frame(spdy.WINDOW_UPDATE, struct.pack(">II", 1, 12)),
        spdy.control_frame(5, b"gone"),
        spdy.control_frame(spdy.RST_STREAM, struct.pack(">II", 3, 10)),
        spdy.goaway_frame(1, 0),
    ]


_SERVER_LINES = [
    "< SYN_REPLY stream 1, {} bytes",
    "< HEADERS stream 1, {} bytes, x: z",
    "< DATA stream 1, {} bytes, FIN",
    "< WINDOW_UPDATE stream 1, {} bytes, delta 12",
    "< UNKNOWN type 5, {} bytes",
    "< RST_STREAM stream 3, {} bytes, UNKNOWN 10",
    "< GOAWAY last good stream 1, {} bytes, OK",
]


def _lines(templates, frames):
    # A header block's length is zlib's business.
    assert len(templates) == len(frames)
    return [line.format(len(raw) - 8) for line, raw in zip(templates, frames)]


CLIENT_LINES = _lines(_CLIENT_LINES, client_frames())
SERVER_LINES = _lines(_SERVER_LINES, server_frames())
CLIENT_BYTES = REQUEST_HEAD + b"".join(client_frames())
SERVER_BYTES = ANSWER_HEAD + b"".join(server_frames())
