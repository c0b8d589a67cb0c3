"""The two Go libraries that Kubernetes speaks SPDY with, in a process of their own (go/README.md).

Each is server to our client and client to our server. What goes beyond echoes is in
test_spdystream.
"""

from echo_cases import EchoCases
from go_peer import GoTestCase
from peers import program, run

ECHO_PEER = program("UVSPDY_ECHO_PEER")


class GoEchoTestCase(GoTestCase):
    def our_kind(self):
        return ["--raw"] if self.library == "spdystream" else []

    def start_our_server(self):
        target = self.serve(ECHO_PEER, "serve", *self.our_kind()).target
        # The Go peer wants a path behind an URL.
        return target + "/" if "://" in target else target


class TheirClient(EchoCases):
    def start_server(self):
        return self.start_our_server()

    def dial(self, target, *options):
        return self.run_their_client("dial", target, *options)


class OurClient(EchoCases):
    def start_server(self):
        return self.start_their_server().target

    def dial(self, target, *options):
        return run([ECHO_PEER, "dial", *self.our_kind(), *options, target])


class SpdystreamClient(TheirClient, GoEchoTestCase):
    library = "spdystream"

    def test_pings(self):
        result = self.run_their_client("pings", self.start_server(), "--count", "100")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"100 pings answered\n")

    def test_resets_leave_the_neighbours_alone(self):
        result = self.run_their_client("reset", self.start_server())
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"connection survived\n")


class SpdystreamServer(OurClient, GoEchoTestCase):
    library = "spdystream"


class HttpstreamClient(TheirClient, GoEchoTestCase):
    library = "httpstream"

    def test_the_protocol_is_negotiated(self):
        result = self.dial(self.start_server())
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"negotiated protocol: echo.uvspdy.test\n")

    def test_another_protocol_is_refused(self):
        result = self.dial(self.start_server(), "--protocol", "unknown")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403.*no common protocol")


class HttpstreamServer(OurClient, GoEchoTestCase):
    library = "httpstream"

    def test_another_protocol_is_refused(self):
        result = self.dial(self.start_server(), "--protocol", "unknown")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403")
