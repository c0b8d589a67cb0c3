"""spdy-transport, an implementation with real flow control, in a process of its own.

It is server to our client and client to our server (README.md, node/README.md).
"""

import header_sizes
from node_peer import NodeTestCase
from scripts import every_order
from spdy_cases import OurClient, OurServer, SpdyCases

MEBIBYTE = 1 << 20


class NodeCases(SpdyCases):
    """Each of these moves far more than the windows hold, but for the first few."""

    their_flow_control = "windows"
    their_options = []

    def test_1000_streams(self):
        self.check_transfer("echo", 1000, 50)

    def test_pings(self):
        self.check_pings()

    def test_upload(self):
        self.check_transfer("upload", 1, 64 * MEBIBYTE)

    def test_download(self):
        self.check_transfer("download", 1, 64 * MEBIBYTE)

    def test_uploads_at_once(self):
        self.check_transfer("upload", 8, 8 * MEBIBYTE)

    def test_downloads_at_once(self):
        self.check_transfer("download", 8, 8 * MEBIBYTE)

    def test_echoes_at_once(self):
        self.check_transfer("echo", 8, 2 * MEBIBYTE)

    def test_a_stalled_stream_beside_others(self):
        target = self.start_server().target
        size = 8 * MEBIBYTE
        result = self.run_client("stall", target, "--streams", "10", "--bytes", str(size))
        self.assert_output(result, f"stall: 10 other streams echoed, then {size} bytes")


class NodeServer(NodeCases, OurClient):
    def start_server(self, compressions=()):
        return self.start_their_server(*self.their_options)

    def test_half_close_and_reset_in_every_order(self):
        self.check_scripts(every_order(client_takes_back=False))


class NodeClient(NodeCases, OurServer):
    def run_client(self, command, target, *options, compressions=(), data=None):
        return self.run_their_client(command, target, *self.their_options, *options, data=data)

    def test_half_close_and_reset_in_every_order(self):
        self.check_scripts(every_order())


class AutomaticServer(NodeServer, NodeTestCase):
    our_options = ["--flow-control", "automatic"]


class AutomaticClient(NodeClient, NodeTestCase):
    our_options = ["--flow-control", "automatic"]


class StandardServer(NodeServer, NodeTestCase):
    our_options = ["--flow-control", "standard"]


class StandardClient(NodeClient, NodeTestCase):
    our_options = ["--flow-control", "standard"]


class OversteppingClient(OurServer, NodeTestCase):
    """spdy-transport as it is: what waits for the connection's window oversteps it."""

    our_options = ["--flow-control", "automatic"]
    their_flow_control = "windows"

    def run_client(self, command, target, *options, compressions=(), data=None):
        return self.run_their_client(command, target, "--overstep", *options, data=data)

    def test_is_no_error_where_flow_control_is_found_out(self):
        self.check_transfer("echo", 64, 2 * MEBIBYTE)


# Theirs are obeyed to the byte: the connection's window comes back when it is used up and a round
# trip has shown that nobody goes past it.
SMALL_WINDOWS = ["--window", "65537", "--strict"]


class SmallWindowsServer(NodeServer, NodeTestCase):
    their_options = SMALL_WINDOWS


class SmallWindowsClient(NodeClient, NodeTestCase):
    their_options = SMALL_WINDOWS


class Headers(OurClient, NodeTestCase):
    """Of the sizes that are hard on Go, those that spdy-transport can take: it reads UTF-8."""

    COMPRESSIONS = ["1,9,1", "6,11,1", "9,15,9", "stored,11,1"]

    def sizes(self):
        sizes = header_sizes.for_every_setting(31332, "letters")
        sizes.lines = [line for line in sizes.lines if "random" not in line]
        return sizes

    def start_server(self, compressions=()):
        return self.start_their_server()

    def test_ours_to_their_server(self):
        self.check_headers(self.sizes(), self.COMPRESSIONS, "--http")

    def test_theirs_to_our_server(self):
        sizes = self.sizes()
        for options in [], ["--stored"]:
            with self.subTest(options=options):
                target = self.start_our_server().target
                result = self.run_their_client("headers", target, *options, data=sizes.text())
                self.assert_output(result, f"{len(sizes.lines)} header blocks mirrored")
