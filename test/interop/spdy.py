"""A SPDY/3.1 client of a few lines, for sending what no library would send."""

import collections
import socket
import struct
import zlib

from peers import DEADLINE

# Control frame types, flags and statuses of the specification that the tests name.
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS = 1, 2, 3, 4
PING, GOAWAY, HEADERS, WINDOW_UPDATE = 6, 7, 8, 9
FLAG_FIN = 0x01
GOAWAY_PROTOCOL_ERROR = 1

# A zlib header that announces SPDY/3's dictionary, by its Adler-32. Stored blocks never refer to
# it, so the dictionary itself is not needed here.
ZLIB_HEADER = bytes.fromhex("7820e3c6a7c2")


def connect(address):
    connection = socket.create_connection(address, DEADLINE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def receive(connection, count):
    """Exactly `count` bytes, or fewer at the end."""
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            break
        data += piece
    return bytes(data)


def receive_all(connection):
    """Everything up to the end."""
    data = bytearray()
    while True:
        piece = connection.recv(65536)
        if not piece:
            return bytes(data)
        data += piece


def receive_head(connection):
    """An HTTP head, and nothing of what is behind it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise AssertionError(f"the connection ended inside a head: {head!r}")
        head += byte
    return head.decode("latin-1")


def disconnect_abruptly(connection):
    """Closes with a TCP reset, as the kernel of a client that crashed may."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def control_frame(kind, body, flags=0):
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(body)) + body


def data_frame(stream_id, data, flags=0):
    return struct.pack(">II", stream_id, flags << 24 | len(data)) + data


def goaway_frame(last_good_stream_id, status):
    return control_frame(GOAWAY, struct.pack(">II", last_good_stream_id, status))


class HeaderEncoder:
    """Header blocks of one direction of a connection."""

    def __init__(self):
        self._zlib = zlib.compressobj(0, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._prefix = ZLIB_HEADER

    def encode(self, headers):
        block = struct.pack(">I", len(headers))
        for word in (word for field in headers.items() for word in field):
            text = word.encode() if isinstance(word, str) else word
            block += struct.pack(">I", len(text)) + text
        prefix, self._prefix = self._prefix, b""
        return prefix + self._zlib.compress(block) + self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def syn_stream(self, stream_id, headers, flags=0, associated_to=0, priority=0, slot=0):
        body = struct.pack(">IIBB", stream_id, associated_to, priority << 5, slot)
        return control_frame(SYN_STREAM, body + self.encode(headers), flags)

    def syn_reply(self, stream_id, headers, flags=0):
        return control_frame(SYN_REPLY, struct.pack(">I", stream_id) + self.encode(headers), flags)

    def headers(self, stream_id, headers, flags=0):
        return control_frame(HEADERS, struct.pack(">I", stream_id) + self.encode(headers), flags)


# `kind` is None for DATA, whose stream is `stream_id`; it is 0 for control frames.
Frame = collections.namedtuple("Frame", "raw kind stream_id flags body")


def receive_frame(connection):
    """The next frame, or None at the end."""
    head = receive(connection, 8)
    if not head:
        return None
    first, second = struct.unpack(">II", head)
    body = receive(connection, second & 0xFFFFFF)
    if first >> 31:
        return Frame(head + body, first & 0xFFFF, 0, second >> 24, body)
    return Frame(head + body, None, first, second >> 24, body)


def receive_frames(connection, until_end_of=None):
    """The frames up to the connection's end, or up to the FIN of a stream."""
    frames = []
    while True:
        frame = receive_frame(connection)
        if frame is None:
            return frames
        frames.append(frame)
        if frame.stream_id == until_end_of and frame.flags & FLAG_FIN:
            return frames
