"""`uvspdy dump` and recordings of the bytes that a side sent."""

import os
import pathlib
import re
import struct
import subprocess

import spdy
from captures import CLIENT, SERVER, RecordingProxy, sent_by
from dump_cases import UVSPDY, DumpTestCase, objects
from peers import DEADLINE, peak_memory, run
from recorded_session import (
    ANSWER_HEAD,
    CLIENT_LINES,
    REQUEST_HEAD,
    SERVER_LINES,
    client_frames,
    server_frames,
)

class Recordings(DumpTestCase):
    def test_what_a_client_sent(self):
        result = self.dump(self.file(b"".join(client_frames())))
        self.check_lines(result, CLIENT_LINES)
        self.assertEqual(result.stderr, b"")

    def test_what_a_server_sent(self):
        result = self.dump("--reply", self.file(b"".join(server_frames())))
        self.check_lines(result, SERVER_LINES)

    def test_both_sides(self):
        client = self.file(b"".join(client_frames()))
        server = self.file(b"".join(server_frames()), "reply")
        self.check_lines(self.dump(client, "--reply", server), CLIENT_LINES + SERVER_LINES)

    def test_the_upgrade_is_skipped(self):
        client = self.file(REQUEST_HEAD + b"".join(client_frames()))
        server = self.file(ANSWER_HEAD + b"".join(server_frames()), "reply")
        self.check_lines(self.dump(client, "--reply", server), CLIENT_LINES + SERVER_LINES)
        first = objects(self.dump("--json", client))[0]
        self.assertEqual(first["offset"], len(REQUEST_HEAD))

    def test_an_answer_in_front_says_whose_bytes_these_are(self):
        server = self.file(ANSWER_HEAD + b"".join(server_frames()))
        self.check_lines(self.dump(server), SERVER_LINES)

    def test_requests_before_the_upgrade_are_skipped(self):
        refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nno!\n"
        server = self.file(refused + ANSWER_HEAD + b"".join(server_frames()))
        self.check_lines(self.dump(server), SERVER_LINES)

    def test_what_is_no_recording_at_all(self):
        """Whatever does not begin like anything else looks like the front of a frame."""
        result = self.dump(self.file(b"root:x:0:0:root:/root:/bin/bash\n" * 20))
        self.check_error(result, "ends inside the frame at byte 0, and has no whole frame in it")
        self.assertEqual(result.stdout, b"")

    def test_standard_input(self):
        self.check_lines(self.dump("-", data=b"".join(client_frames())), CLIENT_LINES)
        with open(self.file(b"".join(client_frames())), "rb") as source:
            self.check_lines(self.dump("-", stdin=source), CLIENT_LINES)

    def test_a_session_of_our_own(self):
        proxy = RecordingProxy(self.serve(UVSPDY, "serve").address)
        self.addCleanup(proxy.close)
        words = ["-i", "uvspdy", "--", "sh", "-c", "cat; exit 3"]
        self.assert_exit(run([UVSPDY, "exec", "-s", proxy.target, *words], b"by stdin"), 3)
        pieces = proxy.wait()
        client = self.file(sent_by(CLIENT, pieces))
        server = self.file(sent_by(SERVER, pieces), "reply")
        result = self.dump(client, "--reply", server, "--json", "--payload")
        self.assert_exit(result, 0)
        frames = objects(result)
        streams = {
            frame["headers"][0][1]: frame["stream_id"]
            for frame in frames
            if frame["type"] == "SYN_STREAM"
        }
        self.assertEqual(sorted(streams), ["error", "stderr", "stdin", "stdout"])
        for direction, name in [("client_to_server", "stdin"), ("server_to_client", "stdout")]:
            content = "".join(
                frame.get("payload_hex", "")
                for frame in frames
                if frame["type"] == "DATA"
                and frame["direction"] == direction
                and frame["stream_id"] == streams[name]
            )
            self.assertEqual(bytes.fromhex(content), b"by stdin")
        self.assertEqual(len(self.dump(client, "--reply", server).stdout.splitlines()), len(frames))


class Json(DumpTestCase):
    def test_every_type_of_frame(self):
        client = objects(self.dump("--json", self.file(b"".join(client_frames()))))
        server = objects(self.dump("--json", "--reply", self.file(b"".join(server_frames()))))
        offset = 0
        for frame, raw in zip(client, client_frames()):
            common = [frame.pop(key) for key in ("direction", "offset", "length", "flags")]
            self.assertEqual(common, ["client_to_server", offset, len(raw) - 8, raw[4]])
            offset += len(raw)
        for frame in server:
            self.assertEqual(frame.pop("direction"), "server_to_client")
            del frame["offset"], frame["length"], frame["flags"]
        initial_window = {"id": 7, "name": "INITIAL_WINDOW_SIZE", "flags": 1, "value": 65536}
        concurrent = {"id": 4, "name": "MAX_CONCURRENT_STREAMS", "flags": 2, "value": 100}
        unknown = {"id": 99, "name": "UNKNOWN", "flags": 0, "value": 1}
        independent = {"associated_to": 0, "priority": 0, "slot": 0}
        self.assertEqual(
            client,
            [
                {
                    "type": "SETTINGS",
                    "clear_settings": True,
                    "entries": [initial_window, concurrent, unknown],
                },
                {"type": "WINDOW_UPDATE", "stream_id": 0, "delta": 1 << 20},
                {"type": "PING", "id": 1},
                {
                    "type": "SYN_STREAM",
                    "stream_id": 1,
                    "fin": False,
                    "unidirectional": False,
                    **independent,
                    "headers": [["streamtype", "error"]],
                },
                {
                    "type": "SYN_STREAM",
                    "stream_id": 3,
                    "fin": True,
                    "unidirectional": True,
                    "associated_to": 1,
                    "priority": 5,
                    "slot": 9,
                    "headers": [["list", "one"], ["list", "two"], ["a", ""]],
                },
                {"type": "DATA", "stream_id": 1, "fin": False},
                {"type": "HEADERS", "stream_id": 1, "fin": True, "headers": [["x", "y"]]},
                {"type": "RST_STREAM", "stream_id": 1, "status": 5, "status_name": "CANCEL"},
            ],
        )
        self.assertEqual(
            server,
            [
                {"type": "SYN_REPLY", "stream_id": 1, "fin": False, "headers": []},
                {"type": "HEADERS", "stream_id": 1, "fin": False, "headers": [["x", "z"]]},
                {"type": "DATA", "stream_id": 1, "fin": True},
                {"type": "WINDOW_UPDATE", "stream_id": 1, "delta": 12},
                {"type": "UNKNOWN", "type_number": 5},
                {"type": "RST_STREAM", "stream_id": 3, "status": 10, "status_name": "UNKNOWN"},
                {"type": "GOAWAY", "last_good_stream_id": 1, "status": 0, "status_name": "OK"},
            ],
        )

    def test_payload(self):
        frames = objects(self.dump("--json", "--payload", self.file(b"".join(client_frames()))))
        data = [frame for frame in frames if frame["type"] == "DATA"]
        self.assertEqual(bytes.fromhex(data[0]["payload_hex"]), b"hello\n\x1b[31m\\")
        self.assertEqual(sum("payload_hex" in frame for frame in frames), 1)


class WhatPeersSend(DumpTestCase):
    """Nothing of it reaches a terminal as it is."""

    VALUE = b"\x1b]0;title\x07 caf\xc3\xa9 \xff\xfe \xc2\x9b31m \\ \x7f\n"

    ESCAPED = r"x: \x1b]0;title\x07 caf\xc3\xa9 \xff\xfe \xc2\x9b31m \\ \x7f\n"

    def recording(self):
        return self.file(spdy.HeaderEncoder().syn_stream(1, {"x": self.VALUE}))

    def test_text_is_escaped(self):
        result = self.dump(self.recording())
        self.assert_exit(result, 0)
        start, end = "> SYN_STREAM stream 1, ", f" bytes, {self.ESCAPED}\n"
        self.assertRegex(result.stdout.decode("ascii"), rf"\A{start}\d+{re.escape(end)}\Z")

    def test_json_is_ascii_and_what_is_not_utf_8_is_replaced(self):
        result = self.dump("--json", self.recording())
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout.translate(None, bytes(range(0x20, 0x7F))), b"\n")
        value = objects(result)[0]["headers"][0][1]
        self.assertEqual(value, "\x1b]0;title\x07 café \ufffd\ufffd \x9b31m \\ \x7f\n")

    def test_payload_is_escaped(self):
        result = self.dump("--payload", self.file(spdy.data_frame(1, b"one\ntwo\r\n\x1b[2J\xff")))
        self.check_lines(
            result,
            ["> DATA stream 1, 14 bytes", r"    one\n", r"    two\x0d\n", r"    \x1b[2J\xff"],
        )


class BadRecordings(DumpTestCase):
    def test_good_frames_come_before_the_error(self):
        frames = client_frames()
        offset = sum(map(len, frames[:4]))
        ping = spdy.control_frame(spdy.PING, bytes(5))
        for words in [], ["--json"]:
            with self.subTest(words=words):
                path = self.file(b"".join(frames[:4]) + ping + frames[4])
                result = self.dump(path, *words)
                self.check_error(result, f"{path}: byte {offset}: PING frame .*length 5")
                self.assertEqual(len(result.stdout.splitlines()), 4)

    def test_a_header_block_that_does_not_inflate(self):
        frames = client_frames()
        result = self.dump(self.file(frames[3] + frames[3]))
        self.check_error(result, f"byte {len(frames[3])}: SYN_STREAM frame .* header block of")
        self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_a_header_block_with_bad_content_stops_nothing(self):
        encoder = spdy.HeaderEncoder()
        good = encoder.syn_stream(1, {"a": "b"})
        path = self.file(good + encoder.headers(1, {"Not-Lower": "x"}) + encoder.headers(1, {}))
        result = self.dump(path)
        self.check_error(result, f"byte {len(good)}: HEADERS of stream 1: .*Not-Lower")
        lines = result.stdout.decode().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], "^> HEADERS stream 1, .* bytes, bad header block: .*Not-Lower")
        self.assertIn("Not-Lower", objects(self.dump("--json", path))[1]["error"])

    def test_the_other_side_is_shown_all_the_same(self):
        bad = self.file(spdy.control_frame(spdy.PING, b""))
        server = self.file(b"".join(server_frames()), "reply")
        result = self.dump(bad, "--reply", server)
        self.check_error(result, "byte 0: PING")
        self.check_lines(result, SERVER_LINES, code=1)

    def test_a_recording_that_ends_inside_a_frame(self):
        whole = REQUEST_HEAD + b"".join(client_frames())
        last = len(client_frames()[-1])
        for missing in 1, last - 1:
            with self.subTest(missing=missing):
                result = self.dump(self.file(whole[:-missing]))
                self.check_lines(result, CLIENT_LINES[:-1])
                self.assert_one_line(result.stderr, f"inside the frame at byte {len(whole) - last}")

    def test_a_cut_within_the_first_two_bytes(self):
        result = self.dump(self.file(b"\x80"))
        self.check_error(result, "no SPDY in it: it ends before")

    def test_what_is_no_recording(self):
        for content, pattern in [
            (b"", "recording is empty"),
            (REQUEST_HEAD[:-1], "no SPDY in it: it ends before"),
            (REQUEST_HEAD.replace(b"SPDY", b"h2c"), "HTTP without an upgrade to SPDY/3.1"),
            (ANSWER_HEAD.replace(b"SPDY/3.1", b"websocket"), "HTTP with another upgrade"),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", r"without an upgrade to SPDY/3\.1 \(status 403\)"),
            (b"\x16\x03\x01\x02\x00\x01", "TLS"),
            (b"A line of text, and no head\n\r\n\r\n", "neither SPDY nor HTTP"),
        ]:
            with self.subTest(content=content):
                result = self.dump(self.file(content))
                self.check_error(result, pattern)
                self.assertEqual(result.stdout, b"")

    def test_an_upgrade_and_nothing_behind_it(self):
        self.check_lines(self.dump(self.file(REQUEST_HEAD)), [])

    def test_files_that_cannot_be_read(self):
        missing = str(self.folder() / "missing")
        self.check_error(self.dump(missing), "cannot open .*missing: No such file")
        self.check_error(self.dump(str(self.folder())), "cannot read .*: Is a directory")

    def test_output_that_cannot_be_written(self):
        path = self.file(b"".join(client_frames()))
        with open("/dev/full", "wb") as full:
            result = run([UVSPDY, "dump", path], stdout=full)
        self.check_error(result, "cannot write: No space left")

    def test_a_reader_that_leaves(self):
        path = self.file(spdy.data_frame(1, b"x") * 100_000)
        client = self.start([UVSPDY, "dump", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(client.stdout.readline(), b"> DATA stream 1, 1 bytes\n")
        client.stdout.close()
        self.assertEqual(client.stderr.read(), b"")

    def test_mistakes_in_the_command_line(self):
        self.check_error(self.dump(), "give a FILE", code=2)
        self.check_error(self.dump("-", "--reply", "-"), "only once", code=2)
        self.assert_exit(self.dump("--unknown"), 2)


class Size(DumpTestCase):
    def test_a_large_recording_takes_little_memory(self):
        frame = spdy.data_frame(1, bytes(1 << 20))
        frames = 256
        with open(self._folder / "lines", "wb") as lines:
            # What AddressSanitizer keeps of freed memory (up to 256 MiB) is not the command's.
            environment = os.environ | {
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
            }
            client = self.start(
                [UVSPDY, "dump", "-"], stdin=subprocess.PIPE, stdout=lines, env=environment
            )
            # By then it has started and read more than one frame: a pipe holds 64 KiB.
            for _ in range(2):
                client.stdin.write(frame)
            client.stdin.flush()
            before = peak_memory(client)
            for _ in range(frames - 2):
                client.stdin.write(frame)
            client.stdin.flush()
            growth = peak_memory(client) - before
            client.stdin.close()
            self.assertEqual(client.wait(DEADLINE), 0)
        self.assertEqual((self._folder / "lines").read_bytes().count(b"\n"), frames)
        self.assertLess(growth, 16 << 20)

    def test_a_frame_of_the_largest_length(self):
        size = (1 << 24) - 1
        result = self.dump("--json", "--payload", self.file(spdy.data_frame(7, b"\xab" * size)))
        self.assert_exit(result, 0)
        frame = objects(result)[0]
        self.assertEqual((frame["length"], frame["payload_hex"]), (size, "ab" * size))

    def test_a_frame_that_claims_more_than_there_is(self):
        claim = struct.pack(">HHI", 0x8003, spdy.SYN_STREAM, 0xFFFFFF)
        self.check_error(self.dump(self.file(claim)), "byte 0: .*control_frame_length = 1048576")
