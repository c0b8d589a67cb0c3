"""The two Go libraries that Kubernetes speaks SPDY with, in a process of their own (go/README.md).

Each is server to our client and client to our server.
"""

import functools
import os
import pathlib
import re
import shutil

from echo_cases import EchoCases
from peers import PeerTestCase, program, run

ECHO_PEER = program("UVSPDY_ECHO_PEER")
SOURCES = pathlib.Path(__file__).parent / "go"


class Missing(Exception):
    """What it takes to build the Go peer is not here."""


def check_go_version():
    if not shutil.which("go"):
        raise Missing("go is not on the PATH")
    needed = re.search(r"^go (\S+)$", (SOURCES / "go.mod").read_text(), re.M).group(1)
    version = run(["go", "env", "GOVERSION"], env=go_environment(), cwd=SOURCES)
    there = version.stdout.decode().strip()
    if version.returncode != 0 or numbers(there) < numbers(needed):
        raise Missing(f"go {needed} or newer is needed; here is {there or 'something older'}")


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def go_environment():
    # The Go that is installed and the modules that go.sum names: neither changes under our feet.
    return dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")


@functools.lru_cache(maxsize=None)
def build_peer():
    """The path of the Go peer, or why there is none: asked for by each test, done once."""
    try:
        check_go_version()
    except Missing as missing:
        return None, str(missing)
    download = run(["go", "mod", "download"], env=go_environment(), cwd=SOURCES)
    if download.returncode != 0:
        return None, "its modules cannot be had: " + " ".join(download.stderr.decode().split())
    peer = pathlib.Path(program("UVSPDY_INTEROP_BUILD")) / "go-peer"
    build = run(["go", "build", "-o", str(peer), "."], env=go_environment(), cwd=SOURCES)
    if build.returncode != 0:
        raise AssertionError(f"the Go peer does not build:\n{build.stderr.decode()}")
    return str(peer), None


class GoTestCase(PeerTestCase):
    library = None

    def setUp(self):
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)

    def our_kind(self):
        return ["--raw"] if self.library == "spdystream" else []

    def start_our_server(self):
        target = self.serve(ECHO_PEER, "serve", *self.our_kind()).target
        # The Go peer wants a path behind an URL.
        return target + "/" if "://" in target else target

    def start_their_server(self):
        return self.serve(self.peer, "serve", "--library", self.library).target

    def run_their_client(self, command, target, *options):
        return run([self.peer, command, "--library", self.library, *options, target])


class TheirClient(EchoCases):
    def start_server(self):
        return self.start_our_server()

    def dial(self, target, *options):
        return self.run_their_client("dial", target, *options)


class OurClient(EchoCases):
    def start_server(self):
        return self.start_their_server()

    def dial(self, target, *options):
        return run([ECHO_PEER, "dial", *self.our_kind(), *options, target])


class SpdystreamClient(TheirClient, GoTestCase):
    library = "spdystream"

    def test_pings(self):
        result = self.run_their_client("pings", self.start_server(), "--count", "100")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"100 pings answered\n")

    def test_resets_leave_the_neighbours_alone(self):
        result = self.run_their_client("reset", self.start_server())
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"connection survived\n")


class SpdystreamServer(OurClient, GoTestCase):
    library = "spdystream"


class HttpstreamClient(TheirClient, GoTestCase):
    library = "httpstream"

    def test_the_protocol_is_negotiated(self):
        result = self.dial(self.start_server())
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"negotiated protocol: echo.uvspdy.test\n")

    def test_another_protocol_is_refused(self):
        result = self.dial(self.start_server(), "--protocol", "unknown")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403.*no common protocol")


class HttpstreamServer(OurClient, GoTestCase):
    library = "httpstream"

    def test_another_protocol_is_refused(self):
        result = self.dial(self.start_server(), "--protocol", "unknown")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403")
