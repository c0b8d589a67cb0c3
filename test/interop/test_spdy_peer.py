"""Our spdy-peer with itself: what test_spdystream and test_node rely on, and how it fails."""

import contextlib
import socket
import struct
import subprocess

import header_sizes
import spdy
from peers import DEADLINE, PeerTestCase, run
from scripts import every_order
from spdy_cases import SPDY_PEER, OurClient, OurServer

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30


class BothOursCases(OurClient, OurServer):
    their_flow_control = "windows"

    def found_out(self, result, server):
        client = OurClient.found_out(self, result, server)
        self.assertEqual(OurServer.found_out(self, result, server), client)
        return client

    def test_upload_of_a_gibibyte(self):
        self.check_transfer("upload", 1, GIBIBYTE)

    def test_download_of_a_gibibyte(self):
        self.check_transfer("download", 1, GIBIBYTE)

    def test_echoes_on_100_streams(self):
        self.check_transfer("echo", 100, MEBIBYTE)

    def test_half_close_and_reset_in_every_order(self):
        self.check_scripts(every_order(client_takes_back=False))

    def check_stall(self, size):
        target = self.start_server().target
        result = self.run_client("stall", target, "--streams", "10", "--bytes", str(size))
        self.assert_output(result, f"stall: 10 other streams echoed, then {size} bytes")

    def test_a_stalled_stream_beside_others(self):
        self.check_stall(8 * MEBIBYTE)


class Automatic(BothOursCases, PeerTestCase):
    our_options = ["--flow-control", "automatic"]


class Standard(BothOursCases, PeerTestCase):
    our_options = ["--flow-control", "standard"]


class WithoutFlowControl(BothOursCases, PeerTestCase):
    our_options = ["--flow-control", "none"]
    their_flow_control = "no windows"

    def test_a_stalled_stream_beside_others(self):
        self.check_stall(200_000)  # what may be held of a stream that nobody reads


class Headers(OurClient, OurServer, PeerTestCase):
    def test_header_blocks_of_all_sizes(self):
        self.check_headers(header_sizes.filling_the_window(), header_sizes.COMPRESSIONS[::7])


class Failures(PeerTestCase):
    """A client that could not fail would prove nothing."""

    @contextlib.contextmanager
    def client(self, *command, data=b""):
        """A client of ours, and the connection on which it has opened its first stream."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(DEADLINE)
            host, port = server.getsockname()
            client = self.start(
                [SPDY_PEER, *command, f"{host}:{port}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            client.stdin.write(data)
            client.stdin.close()
            client.stdin = None
            connection, _ = server.accept()
        connection.settimeout(DEADLINE)
        with connection:
            while spdy.receive_frame(connection).kind != spdy.SYN_STREAM:
                pass
            yield client, connection

    def check_failure(self, client, pattern):
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output), (1, b""))
        self.assert_one_line(error, pattern)

    def check_answer(self, command, frames, pattern, data=b""):
        with self.client(*command, data=data) as (client, connection):
            connection.sendall(spdy.HeaderEncoder().syn_reply(1, {"a": "b"}) + frames)
            self.check_failure(client, pattern)

    def test_a_download_of_other_bytes(self):
        # Index 0 begins with four zeros.
        self.check_answer(
            ["download", "--bytes", "6"],
            spdy.data_frame(1, b"\0\0\0\0\0\0", spdy.FLAG_FIN),
            r"stream 0: byte 4 is 0, not \d+",
        )

    def test_a_download_that_ends_early(self):
        self.check_answer(
            ["download", "--bytes", "6"],
            spdy.data_frame(1, b"\0\0\0\0", spdy.FLAG_FIN),
            "the end came after 4 of 6 bytes",
        )

    def test_a_download_with_too_much(self):
        self.check_answer(
            ["download", "--bytes", "3"], spdy.data_frame(1, b"\0\0\0\0"), "more came than 3"
        )

    def test_an_upload_without_its_answer(self):
        self.check_answer(
            ["upload", "--bytes", "3"], spdy.data_frame(1, b"no", spdy.FLAG_FIN), 'answer was "no"'
        )

    def test_a_script_with_a_reset_for_a_half_close(self):
        self.check_answer(
            ["scripts"],
            spdy.control_frame(spdy.RST_STREAM, struct.pack(">II", 1, 5)),
            r"script 0 \(co sa sf cf\): closed ahead of step sf",
            data=b"co sa sf cf\n",
        )

    def test_a_script_with_a_half_close_for_a_reset(self):
        with self.client("scripts", "--timeout", "1", data=b"co sa sr\n") as (client, connection):
            connection.sendall(spdy.HeaderEncoder().syn_reply(1, {"a": "b"}))
            connection.sendall(spdy.data_frame(1, b"", spdy.FLAG_FIN))
            self.check_failure(client, "timed out")

    def test_a_script_with_too_much_data(self):
        self.check_answer(
            ["scripts"],
            spdy.data_frame(1, b"\0", spdy.FLAG_FIN),
            r"script 0 \(co sa sf cf\): more came than 0",
            data=b"co sa sf cf\n",
        )

    def test_a_header_that_is_mirrored_as_another(self):
        with self.client("headers", data=b"3 text\n") as (client, connection):
            connection.sendall(spdy.HeaderEncoder().syn_reply(1, {"v": "a h "}, spdy.FLAG_FIN))
            self.check_failure(client, "a value of 3 text came back as another")

    def test_a_server_that_is_silent(self):
        for command in ["upload"], ["stall"], ["pings"]:
            with self.subTest(command=command), socket.create_server(("127.0.0.1", 0)) as silent:
                host, port = silent.getsockname()
                result = run([SPDY_PEER, *command, "--timeout", "1", f"{host}:{port}"])
                self.assert_exit(result, 1)
                self.assert_one_line(result.stderr, "timed out after 1 s")

    def test_a_server_complains_of_other_bytes(self):
        server = self.serve(SPDY_PEER, "serve")
        with spdy.connect(server.address) as connection:
            headers = {"streamtype": "sink", "index": "0", "bytes": "6"}
            connection.sendall(spdy.HeaderEncoder().syn_stream(1, headers))
            connection.sendall(spdy.data_frame(1, b"\0\0\0\0\0\0", spdy.FLAG_FIN))
            server.wait_for_log(r"stream 1: byte 4 is 0, not \d+")
            while spdy.receive_frame(connection).kind != spdy.RST_STREAM:
                pass

    def test_mistakes_in_the_command_line(self):
        for words in [
            [],
            ["unknown", "127.0.0.1:1"],
            ["upload"],
            ["upload", "--streams", "0", "127.0.0.1:1"],
            ["upload", "--compression", "6,11", "127.0.0.1:1"],
            ["upload", "--flow-control", "some", "127.0.0.1:1"],
            ["serve", "127.0.0.1:1"],
        ]:
            with self.subTest(words=words):
                self.assert_exit(run([SPDY_PEER, *words]), 2)
