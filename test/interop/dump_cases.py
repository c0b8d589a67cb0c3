"""Running `uvspdy dump` on recordings and captures, and reading what it prints."""

import json
import re

from captures import Capture
from peers import PeerTestCase, program, run
from recorded_session import CLIENT_LINES, SERVER_LINES

UVSPDY = program("UVSPDY_COMMAND")

LINE = re.compile(r"(-?\d+\.\d{6}) #(\d+) ([<>] .*)")


class DumpTestCase(PeerTestCase):
    maxDiff = None

    def setUp(self):
        self._folder = self.folder()

    def file(self, content, name="recording"):
        path = self._folder / name
        path.write_bytes(content)
        return str(path)

    def dump(self, *words, **options):
        return run([UVSPDY, "dump", *words], **options)

    def check_lines(self, result, lines, code=0):
        self.assert_exit(result, code)
        self.assertEqual(result.stdout.decode("ascii").splitlines(), lines)

    def check_error(self, result, pattern, code=1):
        self.assert_exit(result, code)
        self.assert_one_line(result.stderr, f"^uvspdy dump: .*(?:{pattern})")


def objects(result):
    return [json.loads(line) for line in result.stdout.decode("ascii").splitlines()]


class CaptureTestCase(DumpTestCase):
    def setUp(self):
        super().setUp()
        probe = self.dump(self.file(Capture().data))
        if b"built without" in probe.stderr:
            self.skipTest("uvspdy was built without libpcap")

    def dump_capture(self, capture, *words):
        return self.dump(self.file(capture.data, "capture.pcap"), *words)

    def lines(self, result, connection=1):
        """The frames of one connection: client's, server's."""
        lines = [LINE.fullmatch(line) for line in result.stdout.decode("ascii").splitlines()]
        own = [match[3] for match in lines if match and int(match[2]) == connection]
        return [line for line in own if line[0] == ">"], [line for line in own if line[0] == "<"]

    def check_session(self, result, connection=1):
        self.assertEqual(self.lines(result, connection), (CLIENT_LINES, SERVER_LINES))

    def check_only_session(self, result):
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        self.check_session(result)
