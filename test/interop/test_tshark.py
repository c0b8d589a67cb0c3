"""tshark, an independent reader, sees in our sessions what we see, and nothing malformed."""

import collections
import functools
import itertools
import shutil
import xml.etree.ElementTree

from captures import CLIENT, SERVER, Capture, Connection, RecordingProxy, without_heads
from dump_cases import UVSPDY, CaptureTestCase, objects
from exec_cases import random_bytes
from peers import program, run
from recorded_session import client_frames, server_frames

ECHO_PEER = program("UVSPDY_ECHO_PEER")

# What a frame is without the way it is told: both readers' words are turned into this.
Frame = collections.namedtuple("Frame", "type flags length stream_id headers details")

TYPES = {
    1: "SYN_STREAM",
    2: "SYN_REPLY",
    3: "RST_STREAM",
    4: "SETTINGS",
    6: "PING",
    7: "GOAWAY",
    8: "HEADERS",
    9: "WINDOW_UPDATE",
}
# The fields that are a type's own: our name and tshark's.
DETAILS = {
    "SYN_STREAM": {
        "associated_to": "spdy.associated.streamid",
        "priority": "spdy.priority",
        "slot": "spdy.slot",
    },
    "RST_STREAM": {"status": "spdy.rst_stream_status"},
    "PING": {"id": "spdy.ping_id"},
    "GOAWAY": {
        "last_good_stream_id": "spdy.goaway_last_good_stream_id",
        "status": "spdy.goaway_status",
    },
    "WINDOW_UPDATE": {"delta": "spdy.window_update_delta"},
}
WRONG = ["_ws.malformed", "spdy.malformed", "spdy.inflation_failed", ".invalid"]


def our_frame(frame):
    fields = itertools.groupby(frame.get("headers", []), lambda field: field[0])
    details = tuple(frame[name] for name in DETAILS.get(frame["type"], {}))
    details += tuple((entry["id"], entry["value"]) for entry in frame.get("entries", []))
    return Frame(
        frame["type"],
        frame["flags"],
        frame["length"],
        frame.get("stream_id"),
        # Several values of one name travel joined by NUL, and tshark shows the first.
        tuple((name, next(values)[1]) for name, values in fields),
        details,
    )


def numbers(element, name):
    # Some of its numbers are decimal, some are not.
    fields = (field for field in element.iter("field") if field.get("name") == name)
    return [int(field.get("show"), 0) for field in fields]


def number(element, name):
    values = numbers(element, name)
    return values[0] if values else None


def their_frame(element):
    kind = number(element, "spdy.type")
    name = "DATA" if kind is None else TYPES.get(kind, "UNKNOWN")
    headers = []
    for header in element.iter("field"):
        if header.get("name") == "spdy.header":
            parts = {field.get("name"): field.get("show") for field in header}
            headers.append((parts["spdy.header.name"], parts["spdy.header.value"]))
    details = tuple(number(element, field) for field in DETAILS.get(name, {}).values())
    settings = numbers(element, "spdy.setting.id"), numbers(element, "spdy.setting.value")
    return Frame(
        name,
        number(element, "spdy.flags"),
        number(element, "spdy.length"),
        number(element, "spdy.streamid"),
        tuple(headers),
        details + tuple(zip(*settings)),
    )


@functools.lru_cache(maxsize=None)
def why_not():
    """Why tshark is of no use here, or None."""
    if not shutil.which("tshark"):
        return "tshark is not on the PATH"
    protocols = run(["tshark", "-G", "protocols"]).stdout.decode(errors="replace")
    return None if "\tspdy\n" in protocols else "this tshark knows no SPDY"


class Tshark(CaptureTestCase):
    def setUp(self):
        reason = why_not()
        if reason:
            self.skipTest(reason)
        super().setUp()

    def capture(self, pieces):
        """The frames as a capture; tshark wants no HTTP in front of them."""
        capture = Capture()
        connection = Connection(capture).open()
        for side, piece in pieces:
            connection.send(side, piece)
        connection.close()
        return self.file(capture.data, "session.pcap")

    def read_by_tshark(self, path):
        """The frames of both sides, and what it calls malformed."""
        command = ["tshark", "-r", path, "-d", "tcp.port==8080,spdy", "-T", "pdml"]
        result = run([*command, "-o", "spdy.decompress_headers:TRUE"])
        self.assert_exit(result, 0)
        frames, wrong = ([], []), []
        for packet in xml.etree.ElementTree.fromstring(result.stdout).iter("packet"):
            side = SERVER if numbers(packet, "tcp.srcport") == [8080] else CLIENT
            for element in packet.iter():
                name = element.get("name", "")
                if any(part in name for part in WRONG):
                    wrong.append((name, element.get("showname")))
                if element.tag == "proto" and name == "spdy":
                    frames[side].append(their_frame(element))
        return frames, wrong

    def read_by_us(self, path):
        result = self.dump(path, "--json")
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        return tuple(
            [our_frame(frame) for frame in objects(result) if frame["direction"] == direction]
            for direction in ("client_to_server", "server_to_client")
        )

    def check(self, pieces):
        """Returns our view of both sides, once it is tshark's too."""
        path = self.capture(pieces)
        theirs, wrong = self.read_by_tshark(path)
        ours = self.read_by_us(path)
        self.assertEqual(wrong, [])
        for our_side, their_side in zip(ours, theirs):
            self.assertEqual(len(our_side), len(their_side))
            for index, (our_view, their_view) in enumerate(zip(our_side, their_side)):
                self.assertEqual(our_view, their_view, f"frame {index}")
        return ours

    def record(self, server, client):
        """The pieces of a session between `server` and the client that `client` runs."""
        proxy = RecordingProxy(server.address)
        self.addCleanup(proxy.close)
        client(proxy)
        return proxy.wait()

    def test_exec(self):
        data = random_bytes(200_000)

        def client(proxy):
            words = ["-i", "uvspdy", "--", "sh", "-c", "cat; exit 3"]
            result = run([UVSPDY, "exec", "-s", proxy.target, *words], data)
            self.assert_exit(result, 3)
            self.assert_same_bytes(result.stdout, data)

        pieces = without_heads(self.record(self.serve(UVSPDY, "serve"), client))
        from_client, from_server = self.check(pieces)
        headers = [frame.headers for frame in from_client if frame.type == "SYN_STREAM"]
        self.assertEqual(
            headers, [(("streamtype", name),) for name in ["error", "stdin", "stdout", "stderr"]]
        )
        for frames in from_client, from_server:
            self.assertLessEqual(
                {"SETTINGS", "PING", "WINDOW_UPDATE"}, {frame.type for frame in frames}
            )
            there = sum(frame.length for frame in frames if frame.type == "DATA")
            self.assertGreaterEqual(there, len(data))

    def test_100_streams(self):
        def client(proxy):
            target = proxy.target.removeprefix("http://")
            options = ["--raw", "--streams", "100", "--bytes", "10000"]
            self.assert_exit(run([ECHO_PEER, "dial", *options, target]), 0)

        pieces = self.record(self.serve(ECHO_PEER, "serve", "--raw"), client)
        from_client, from_server = self.check(pieces)
        self.assertEqual(sum(frame.type == "SYN_STREAM" for frame in from_client), 100)
        self.assertEqual(sum(frame.type == "SYN_REPLY" for frame in from_server), 100)

    def test_every_type_of_frame(self):
        # tshark inflates every HEADERS as if the server had sent it, and knows no unknown types.
        left_out = b"\x80\x03\x00\x08", b"\x80\x03\x00\x05"
        frames = [(CLIENT, frame) for frame in client_frames() if frame[:4] != left_out[0]]
        frames += [(SERVER, frame) for frame in server_frames() if frame[:4] != left_out[1]]
        from_client, from_server = self.check(frames)
        self.assertEqual(
            {frame.type for frame in from_client + from_server}, {*TYPES.values(), "DATA"}
        )

    def test_it_would_see_malformed_frames(self):
        good = client_frames()[3]
        bad = good[:18] + b"not zlib's" + good[28:]
        _, wrong = self.read_by_tshark(self.capture([(CLIENT, bad)]))
        self.assertNotEqual(wrong, [])
