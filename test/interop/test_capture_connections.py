"""`uvspdy dump` and captures in which something is missing, or more than one connection."""

import itertools

import captures
import spdy
from captures import CLIENT, SERVER, Capture, Connection
from dump_cases import CaptureTestCase, objects
from recorded_session import (
    ANSWER_HEAD,
    CLIENT_BYTES,
    CLIENT_LINES,
    REQUEST_HEAD,
    SERVER_BYTES,
    SERVER_LINES,
    client_frames,
    server_frames,
)

TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


class Gaps(CaptureTestCase):
    """What is missing is named, and the rest shown."""

    def test_lost_bytes(self):
        frames = client_frames()
        head = b"".join(frames[:3])
        for end in None, "close", "reset":
            with self.subTest(end=end):
                capture = Capture()
                connection = Connection(capture).open()
                connection.send(CLIENT, head)
                connection.skip(CLIENT, len(frames[3]))
                connection.send(CLIENT, b"".join(frames[4:]))
                connection.send(SERVER, b"".join(server_frames()))
                if end:
                    getattr(connection, end)()
                result = self.dump_capture(capture)
                missing = f"bytes {len(head)} to {len(head) + len(frames[3]) - 1} are missing"
                self.check_error(result, rf"connection 1 \(.*\), client to server: {missing}")
                self.assertEqual(self.lines(result), (CLIENT_LINES[:3], SERVER_LINES))

    def test_lost_at_the_end(self):
        capture = Capture()
        connection = Connection(capture).open().send(CLIENT, b"".join(client_frames()))
        connection.skip(CLIENT, 5)
        connection.close()
        self.check_error(self.dump_capture(capture), "bytes 2.. to 2.. are missing")

    def test_too_much_behind_a_gap(self):
        capture = Capture()
        connection = Connection(capture).open().send(CLIENT, client_frames()[0])
        connection.skip(CLIENT, 1)
        connection.send(CLIENT, bytes(17 << 20), 32000)
        connection.send(SERVER, b"".join(server_frames()))
        result = self.dump_capture(capture)
        self.check_error(result, "bytes 36 to 36 are missing .* too much")
        self.assertEqual(self.lines(result), (CLIENT_LINES[:1], SERVER_LINES))

    def test_gaps_on_many_connections_share_a_limit(self):
        capture = Capture()
        for port in range(10):
            connection = Connection(capture, client=("10.0.0.1", 5000 + port)).open()
            connection.send(CLIENT, client_frames()[0])
            connection.skip(CLIENT, 1)
            connection.send(CLIENT, bytes(8 << 20), 60000)
        result = self.dump_capture(capture)
        self.assert_exit(result, 1)
        error = result.stderr.decode()
        self.assertEqual(error.count("what follows cannot be read"), 7)
        self.assertEqual(error.count("too much stands behind them"), 3)

    def test_a_connection_that_ends_inside_a_frame(self):
        capture = Capture()
        Connection(capture).open().send(CLIENT, CLIENT_BYTES[:-1]).send(SERVER, SERVER_BYTES)
        result = self.dump_capture(capture)
        self.assert_exit(result, 0)
        self.assertEqual(self.lines(result), (CLIENT_LINES[:-1], SERVER_LINES))
        at = len(CLIENT_BYTES) - len(client_frames()[-1])
        self.assert_one_line(result.stderr, f"connection 1, client to server: .*byte {at}$")

    def test_packets_that_were_cut_short(self):
        capture = Capture()
        connection = Connection(capture).open()
        for at in range(0, len(CLIENT_BYTES), 100):
            packet = connection.packet(CLIENT, at, captures.ACK, CLIENT_BYTES[at : at + 100])
            capture.add(packet, captured=min(len(packet), 96))
        result = self.dump_capture(capture)
        self.assert_exit(result, 1)
        self.assertRegex(result.stderr.decode(), r"\d of \d packets were not captured whole")
        self.assertRegex(result.stderr.decode(), "bytes 42 to 99 are missing")

    def test_fragments(self):
        capture = Capture(captures.RAW)
        connection = Connection(capture).open().send(CLIENT, b"".join(client_frames()))
        packet = connection.packet(CLIENT, 0, captures.ACK, b"x")
        capture.add(packet[:6] + b"\x20\x00" + packet[8:])
        result = self.dump_capture(capture)
        self.assert_exit(result, 0)
        self.assert_one_line(result.stderr, "1 fragments of IP packets left out")

    def test_bad_frames_end_their_side_alone(self):
        capture = Capture()
        connection = Connection(capture).open()
        connection.send(CLIENT, client_frames()[0] + spdy.control_frame(spdy.PING, b""))
        connection.send(SERVER, b"".join(server_frames())).send(CLIENT, b"ignored").close()
        result = self.dump_capture(capture)
        self.check_error(result, r"connection 1 \(.*\), client to server: byte 36: PING frame")
        self.assertEqual(self.lines(result), (CLIENT_LINES[:1], SERVER_LINES))


class Connections(CaptureTestCase):
    def test_two_at_once_are_kept_apart(self):
        capture = Capture()
        connections = [
            Connection(capture, client=("10.0.0.1", port), server=("10.0.0.2", 6000 + port)).open()
            for port in (2, 1)
        ]
        for client, server in itertools.zip_longest(client_frames(), server_frames()):
            for connection in connections:
                connection.send(CLIENT, client).send(SERVER, server or b"")
        result = self.dump_capture(capture)
        for number in 1, 2:
            self.check_session(result, number)
        frames = objects(self.dump_capture(capture, "--json"))
        self.assertEqual(
            {(frame["connection"], frame["client"], frame["server"]) for frame in frames},
            {(1, "10.0.0.1:2", "10.0.0.2:6002"), (2, "10.0.0.1:1", "10.0.0.2:6001")},
        )

    def test_one_after_the_other_between_the_same_ports(self):
        capture = Capture()
        for ends in "close", "reset", None:
            first = len(capture.data), 7
            connection = Connection(capture, first=first).open()
            connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES)
            if ends:
                getattr(connection, ends)()
        result = self.dump_capture(capture)
        self.assertEqual(result.stderr, b"")
        for number in 1, 2, 3:
            self.check_session(result, number)

    def test_the_servers_answer_alone_tells_who_is_who(self):
        capture = Capture()
        connection = Connection(capture, client=("10.0.0.1", 80), server=("10.0.0.2", 50000))
        capture.add(connection.packet(SERVER, -1, captures.SYN | captures.ACK))
        connection.send(SERVER, b"".join(server_frames()))
        connection.send(CLIENT, b"".join(client_frames()))
        self.check_only_session(self.dump_capture(capture))

    def test_no_handshake_but_the_upgrade(self):
        for first, second in (CLIENT, SERVER), (SERVER, CLIENT):
            capture = Capture()
            # The ports mislead; HTTP does not.
            connection = Connection(capture, client=("10.0.0.1", 80), server=("10.0.0.2", 50000))
            for side in first, second:
                connection.send(side, (CLIENT_BYTES, SERVER_BYTES)[side])
            self.check_only_session(self.dump_capture(capture))

    def test_no_handshake_and_no_upgrade(self):
        capture = Capture()
        connection = Connection(capture)
        connection.send(SERVER, b"".join(server_frames()))
        connection.send(CLIENT, b"".join(client_frames()))
        self.check_only_session(self.dump_capture(capture))

    def test_begun_before_the_capture(self):
        capture = Capture()
        Connection(capture).send(CLIENT, CLIENT_BYTES[-5:])
        result = self.dump_capture(capture)
        self.assert_exit(result, 1)
        left_out, error = result.stderr.decode().splitlines()
        self.assertRegex(left_out, "neither SPDY nor HTTP; it began before the capture$")
        self.assertRegex(error, "no SPDY connection in it$")
        # Between frames: the header blocks go back to what was before.
        capture = Capture()
        frames = client_frames()
        Connection(capture).send(CLIENT, b"".join(frames[1:3])).send(CLIENT, frames[4])
        result = self.dump_capture(capture)
        self.check_error(result, r"header block of stream 3: .*began before the capture\)")
        self.assertEqual(self.lines(result)[0], CLIENT_LINES[1:3])

    def test_others_are_left_out(self):
        capture = Capture()
        contents = [
            (TLS_HELLO, TLS_HELLO, "TLS"),
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", "status 200"),
            (REQUEST_HEAD, b"HTTP/1.1 403 Forbidden\r\n\r\n", "status 403"),
            (REQUEST_HEAD, ANSWER_HEAD, "no frame behind its upgrade"),
            (b"\x80\x00\x00\x28 a remote procedure call", b"", "neither SPDY nor HTTP"),
            (b"", b"220 mail.example ESMTP\r\n", "neither SPDY nor HTTP"),
        ]
        for port, (client, server, _) in enumerate(contents):
            connection = Connection(capture, client=("10.0.0.1", port)).open()
            connection.send(CLIENT, client).send(SERVER, server).close()
        connection = Connection(capture).open()
        connection.send(CLIENT, CLIENT_BYTES).send(SERVER, SERVER_BYTES).close()
        result = self.dump_capture(capture)
        self.assert_exit(result, 0)
        self.check_session(result)
        for port, (_, _, pattern) in enumerate(contents):
            self.assertRegex(
                result.stderr.decode(), rf"left out 10\.0\.0\.1:{port} > .*: .*{pattern}"
            )

    def test_many_others_are_counted(self):
        capture = Capture()
        for port in range(1, 31):
            Connection(capture, client=("10.0.0.1", port)).open().send(CLIENT, TLS_HELLO).close()
        result = self.dump_capture(capture)
        self.assert_exit(result, 1)
        lines = result.stderr.decode().splitlines()
        self.assertEqual(len(lines), 12)
        self.assertRegex(lines[-2], "left out 20 more connections without SPDY$")
        self.assertRegex(lines[-1], "no SPDY connection in it$")

    def test_more_at_once_than_are_followed(self):
        capture = Capture()
        for number in range(5000):
            connection = Connection(capture, client=("10.0.0.1", number + 1))
            capture.add(connection.packet(CLIENT, -1, captures.SYN))
            connection.send(CLIENT, client_frames()[2])
        result = self.dump_capture(capture)
        self.assert_exit(result, 1)
        self.assertEqual(result.stdout.count(b"PING"), 5000)
        self.assertEqual(result.stderr.count(b"more than 4096 connections are open at once"), 904)

    def test_a_flood_of_handshakes(self):
        capture = Capture(captures.RAW)
        session = Connection(capture).open()
        session.send(CLIENT, CLIENT_BYTES[:50])
        for number in range(70_000):
            address = (f"10.1.{number >> 8 & 255}.{number & 255}", 1 + (number >> 16))
            capture.add(Connection(capture, client=address).packet(CLIENT, -1, captures.SYN))
        session.send(CLIENT, CLIENT_BYTES[50:]).send(SERVER, SERVER_BYTES)
        self.check_only_session(self.dump_capture(capture))
