"""What a hostile peer makes our servers' memory grow by, as the kernel counts it: zlib's and the
allocator's own included, which no count of `operator new` sees."""

import struct
import zlib

import spdy
from peers import PeerTestCase, program, wait_until
from test_serve import upgrade_request

ECHO_PEER = program("UVSPDY_ECHO_PEER")

MOST_GROWTH = 1 << 20  # bytes, whatever the peer sends
TIMES = 20  # what an attack leaves behind would add up


def compressed(block):
    """A header block, deflated as far as it goes, as the first of its direction."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return spdy.ZLIB_HEADER + deflate.compress(block) + deflate.flush(zlib.Z_SYNC_FLUSH)


def syn_stream(block):
    return spdy.control_frame(spdy.SYN_STREAM, struct.pack(">IIBB", 1, 0, 0, 0) + block)


def inflating():
    """150 MB in 150 KB: one header whose value is all of it."""
    size = 150 * 1000 * 1000
    frame = syn_stream(compressed(struct.pack(">II1sI", 1, 1, b"a", size) + bytes(size)))
    if not size > 950 * len(frame):
        raise AssertionError(f"{size} bytes in a frame of {len(frame)}")
    return frame


# Each attack, and the frame that ends the stream or the session for it.
ATTACKS = {
    "SETTINGS that claim 2^29 entries and have one": (
        spdy.control_frame(spdy.SETTINGS, struct.pack(">III", 1 << 29, 7, 1)),
        spdy.GOAWAY,
    ),
    "SETTINGS that claim 2^29 entries and as much as a frame can have": (
        struct.pack(">HHII", 0x8003, spdy.SETTINGS, 0xFFFFFF, 1 << 29) + bytes(100 * 1000),
        spdy.GOAWAY,
    ),
    "a header block that claims 2^31 headers and has one": (
        syn_stream(compressed(struct.pack(">II1sI1s", 1 << 31, 1, b"a", 1, b"b"))),
        spdy.RST_STREAM,
    ),
    "a header block that claims 2^31 headers and has all that it may be long": (
        syn_stream(compressed(struct.pack(">I", 1 << 31) + bytes(128 * 1024 - 4))),
        spdy.RST_STREAM,
    ),
    "a header that claims 2^31 bytes": (
        syn_stream(compressed(struct.pack(">II1sI", 1, 1, b"a", 1 << 31) + bytes(1000))),
        spdy.RST_STREAM,
    ),
    "a header block that inflates a thousandfold": (inflating(), spdy.GOAWAY),
}


class HostileMemoryCases:
    """A mixin: a test case adds start_server and connect, behind which SPDY begins."""

    def attack(self, frame, answer):
        """Sends the frame and waits for its answer: then all of it was read."""
        with self.connect() as connection:
            connection.sendall(frame)
            received = spdy.receive_frame(connection)
            while received is not None and received.kind != answer:
                received = spdy.receive_frame(connection)
            self.assertIsNotNone(received, "the connection ended without an answer")

    def ping(self):
        with self.connect() as connection:
            frame = spdy.control_frame(spdy.PING, struct.pack(">I", 1))
            connection.sendall(frame)
            received = spdy.receive_frame(connection)
            while received.raw != frame:
                received = spdy.receive_frame(connection)

    def test_memory_stays(self):
        server = self.start_server()
        # Code and buffers that any first connection touches.
        for _ in range(TIMES):
            self.ping()
        for name, (frame, answer) in ATTACKS.items():
            with self.subTest(name):
                server.forget_peak_memory()
                before = server.peak_memory()
                for _ in range(TIMES):
                    self.attack(frame, answer)
                growth = server.peak_memory() - before
                print(f"{name}: {growth} bytes")
                self.assertLess(growth, MOST_GROWTH)
        self.ping()  # it still serves


class Echo(HostileMemoryCases, PeerTestCase):
    def start_server(self):
        self.server = self.serve(ECHO_PEER, "serve", "--raw")
        return self.server

    def connect(self):
        return spdy.connect(self.server.address)

    def test_the_measure_sees_what_a_peer_may_cost(self):
        """Else the test above could not fail: data that waits for a client that reads nothing."""
        server = self.start_server()
        self.ping()
        server.forget_peak_memory()
        before = server.peak_memory()
        encoder = spdy.HeaderEncoder()
        with self.connect() as connection:
            for stream_id in range(1, 101, 2):
                frame = encoder.syn_stream(stream_id, {"a": "b"})
                connection.sendall(frame + spdy.data_frame(stream_id, bytes(60 * 1000)))
            wait_until(
                lambda: server.peak_memory() - before > 2 * MOST_GROWTH, "the server to hold 3 MB"
            )


class Serve(HostileMemoryCases, PeerTestCase):
    def start_server(self):
        self.server = self.serve(program("UVSPDY_COMMAND"), "serve")
        return self.server

    def connect(self):
        connection = spdy.connect(self.server.address)
        connection.sendall(upgrade_request("cat"))
        self.assertRegex(spdy.receive_head(connection), r"\AHTTP/1\.1 101 ")
        return connection
