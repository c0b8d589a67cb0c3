"""`uvspdy dump` and packet captures: files made here packet by packet, and a real session's."""

import itertools
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import captures
import spdy
from captures import CLIENT, SERVER, Capture, Connection
from dump_cases import UVSPDY, CaptureTestCase, objects
from peers import DEADLINE, run, wait_until
from recorded_session import CLIENT_BYTES, SERVER_BYTES, client_frames, server_frames


class Files(CaptureTestCase):
    def test_formats_and_link_layers(self):
        ipv6 = {"client": ("fd00::1", 40000), "server": ("::1", 8080)}
        for link, addresses, options in itertools.product(
            [
                captures.ETHERNET,
                captures.LINUX_SLL,
                captures.LINUX_SLL2,
                captures.NULL,
                captures.RAW,
            ],
            [{}, ipv6],
            [{}, {"order": ">", "nanoseconds": True}],
        ):
            with self.subTest(link=link, addresses=addresses, options=options):
                capture = Capture(link, **options)
                connection = Connection(capture, **addresses).open()
                connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES).close()
                result = self.dump_capture(capture)
                self.check_only_session(result)
                ends = "[fd00::1]:40000 > [::1]:8080"
                if not addresses:
                    ends = "10.0.0.1:40000 > 10.0.0.2:8080"
                self.assertEqual(result.stdout.split(b"\n")[0].decode(), f"connection #1: {ends}")

    def test_vlan_tags(self):
        capture = Capture()
        tags = bytes.fromhex("88a80001 81000002".replace(" ", ""))
        connection = Connection(capture, tag=tags).open()
        connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES).close()
        self.check_only_session(self.dump_capture(capture))

    def test_ipv6_options(self):
        capture = Capture(captures.RAW)
        connection = Connection(capture, client=("fd00::1", 4), server=("fd00::2", 5)).open()
        for side, data in (CLIENT, CLIENT_BYTES), (SERVER, SERVER_BYTES):
            packet = connection.packet(side, 0, captures.ACK, data)
            length = struct.pack(">H", len(packet) - 40 + 8)
            options = bytes([6, 0, 1, 4, 0, 0, 0, 0])
            capture.add(packet[:4] + length + b"\0" + packet[7:40] + options + packet[40:])
        self.check_only_session(self.dump_capture(capture))

    def test_what_the_link_layer_adds_is_cut_off(self):
        capture = Capture()
        connection = Connection(capture).open()
        for side, data in (CLIENT, CLIENT_BYTES), (SERVER, SERVER_BYTES):
            capture.add(connection.packet(side, 0, captures.ACK, data) + b"padding")
        self.check_only_session(self.dump_capture(capture))

    def test_times(self):
        capture = Capture()
        Connection(capture).open().send(CLIENT, client_frames()[0])
        result = self.dump_capture(capture)
        self.assertRegex(result.stdout.decode(), r"(?m)^0\.003000 #1 > SETTINGS, ")
        frame = objects(self.dump_capture(capture, "--json"))[0]
        self.assertEqual(frame["time"], 1_700_000_000.003)

    def test_standard_input(self):
        capture = Capture()
        connection = Connection(capture).open()
        connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES)
        self.check_only_session(self.dump("-", data=capture.data))

    def test_reply_makes_no_sense(self):
        path = self.file(Capture().data)
        other = self.file(b"".join(server_frames()), "reply")
        self.check_error(self.dump(path, "--reply", other), "packet capture.*leave out --reply")

    def test_files_that_cannot_be_read(self):
        capture = Capture()
        Connection(capture).open().send(CLIENT, CLIENT_BYTES)
        whole = capture.data
        result = self.dump(self.file(whole[:-1]))
        self.check_error(result, "truncated dump file")
        self.check_error(self.dump(self.file(whole[:20])), "truncated dump file")
        self.check_error(self.dump_capture(Capture(captures.USB)), "link type USB_LINUX cannot")
        self.check_error(self.dump_capture(Capture()), "no SPDY connection")


class Segments(CaptureTestCase):
    """The same bytes, whichever way they were packed."""

    def connection(self):
        capture = Capture()
        return capture, Connection(capture).open()

    def test_single_bytes(self):
        capture, connection = self.connection()
        connection.send(CLIENT, CLIENT_BYTES, 1).send(SERVER, SERVER_BYTES, 1).close()
        self.check_only_session(self.dump_capture(capture))

    def test_a_frame_is_shown_when_its_last_byte_came(self):
        capture, connection = self.connection()
        ping = spdy.control_frame(spdy.PING, struct.pack(">I", 1))
        connection.send(CLIENT, ping[:11])
        connection.send(SERVER, spdy.control_frame(spdy.PING, struct.pack(">I", 2)))
        connection.send(CLIENT, ping[11:])
        result = self.dump_capture(capture)
        self.assertEqual(
            result.stdout.decode().splitlines()[1:],
            ["0.004000 #1 < PING, 4 bytes, id 2", "0.005000 #1 > PING, 4 bytes, id 1"],
        )

    def test_any_order_overlap_and_repetition(self):
        for seed in range(50):
            with self.subTest(seed=seed):
                randomness = random.Random(seed)
                capture, connection = self.connection()
                segments = []
                for side, data in (CLIENT, CLIENT_BYTES), (SERVER, SERVER_BYTES):
                    at = 0
                    while at < len(data):
                        size = randomness.randint(1, 40)
                        segments.append((side, at, data[at : at + size]))
                        at += size
                    for _ in range(20):
                        at = randomness.randrange(len(data))
                        size = randomness.randint(1, 100)
                        segments.append((side, at, data[at : at + size]))
                randomness.shuffle(segments)
                for segment in segments:
                    connection.segment(*segment)
                self.check_only_session(self.dump_capture(capture))

    def test_what_came_first_counts(self):
        capture, connection = self.connection()
        connection.segment(CLIENT, 0, CLIENT_BYTES[:100])
        connection.segment(CLIENT, 0, bytes(100))
        connection.segment(CLIENT, 100, CLIENT_BYTES[100:])
        connection.send(SERVER, SERVER_BYTES)
        self.check_only_session(self.dump_capture(capture))

    def test_bytes_from_far_away_are_not_of_this_connection(self):
        capture, connection = self.connection()
        connection.segment(CLIENT, 0x7000_0000, b"elsewhere")
        connection.send(SERVER, SERVER_BYTES)
        for at in range(0, len(CLIENT_BYTES), 100):
            connection.segment(CLIENT, at, CLIENT_BYTES[at : at + 100])
        self.check_only_session(self.dump_capture(capture))

    def test_repeated_handshakes_and_late_packets(self):
        capture, connection = self.connection()
        connection.open()
        connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES).close()
        connection.segment(SERVER, 0, SERVER_BYTES)
        connection.close()
        self.check_only_session(self.dump_capture(capture))


def why_no_real_capture():
    """None where packets on loopback may be captured, else the reason."""
    if not shutil.which("dumpcap"):
        return "dumpcap is not on the PATH"
    with tempfile.NamedTemporaryFile() as trial:
        command = ["dumpcap", "-i", "lo", "-a", "duration:0", "-w", trial.name]
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    return None if result.returncode == 0 else " ".join(result.stderr.split())


class RealCapture(CaptureTestCase):
    def test_a_session_of_our_own_on_loopback(self):
        server = self.serve(UVSPDY, "serve")
        path = self.folder() / "session.pcapng"
        command = ["dumpcap", "-i", "lo", "-f", f"tcp port {server.address[1]}", "-w", str(path)]
        with open(self.folder() / "log", "w+b") as log:
            dumpcap = self.start(command, stdout=subprocess.DEVNULL, stderr=log)

            def begun():
                log.seek(0)
                return dumpcap.poll() is not None or b"File: " in log.read()

            wait_until(begun, "dumpcap to begin")
            self.assertIsNone(dumpcap.poll(), "dumpcap has ended")
        words = ["-i", "uvspdy", "--", "sh", "-c", "cat; exit 3"]
        self.assert_exit(run([UVSPDY, "exec", "-s", server.target, *words], b"by stdin"), 3)

        def captured():
            frames = objects(self.dump(str(path), "--json", "--payload"))
            ends = {
                (frame["direction"], frame["stream_id"])
                for frame in frames
                if frame["type"] == "DATA" and frame["fin"]
            }
            return frames if len(ends) == 4 else None  # of stdin; stdout, stderr, error

        frames = wait_until(captured, "the session in the capture")
        streams = [f["headers"] for f in frames if f["type"] == "SYN_STREAM"]
        self.assertEqual(
            sorted(streams),
            [[["streamtype", name]] for name in ["error", "stderr", "stdin", "stdout"]],
        )
        stdout = next(
            f["stream_id"]
            for f in frames
            if f["type"] == "SYN_STREAM" and f["headers"] == [["streamtype", "stdout"]]
        )
        output = "".join(
            f.get("payload_hex", "")
            for f in frames
            if f["type"] == "DATA" and f["stream_id"] == stdout
        )
        self.assertEqual(bytes.fromhex(output), b"by stdin")
        self.assertEqual(frames[0]["server"], "{}:{}".format(*server.address))


# To capture is a right that a container may not give: without it this is no test at all, not one
# that is skipped for want of a peer.
if _reason := why_no_real_capture():
    print(f"no capture of real packets: {_reason}", file=sys.stderr)
    del RealCapture
