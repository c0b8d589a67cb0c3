"""Our echo peer with itself: what test_go relies on, and how it reports what goes wrong."""

import contextlib
import socket
import subprocess

import spdy
from echo_cases import EchoCases
from peers import DEADLINE, PeerTestCase, program, run

ECHO_PEER = program("UVSPDY_ECHO_PEER")


class Upgraded(EchoCases, PeerTestCase):
    def start_server(self):
        return self.serve(ECHO_PEER, "serve").target

    def dial(self, target, *options):
        return run([ECHO_PEER, "dial", *options, target])

    def test_another_protocol_is_refused(self):
        result = self.dial(self.start_server(), "--protocol", "unknown")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403.*no common protocol")


class Raw(EchoCases, PeerTestCase):
    def start_server(self):
        return self.serve(ECHO_PEER, "serve", "--raw").target

    def dial(self, target, *options):
        return run([ECHO_PEER, "dial", "--raw", *options, target])


class Failures(PeerTestCase):
    """A client that could not fail would prove nothing."""

    @contextlib.contextmanager
    def client_behind_proxy(self, *options):
        """A client, and the two sockets between which its frames stand still."""
        server = self.serve(ECHO_PEER, "serve", "--raw")
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            proxy.settimeout(DEADLINE)
            host, port = proxy.getsockname()
            client = self.start(
                [ECHO_PEER, "dial", "--raw", *options, f"{host}:{port}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            to_client, _ = proxy.accept()
        to_client.settimeout(DEADLINE)
        with to_client, spdy.connect(server.address) as to_server:
            yield client, to_client, to_server

    def check_failure(self, client, pattern):
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output), (1, b""))
        self.assert_one_line(error, pattern)

    def test_what_comes_back_is_compared(self):
        with self.client_behind_proxy("--bytes", "1") as (client, to_client, to_server):
            echo = bytearray(exchange_first_data(to_client, to_server))
            echo[-1] ^= 1
            to_client.sendall(echo)
            self.check_failure(client, r"stream 0 \(id 1\): byte 0 came back as")

    def test_a_connection_that_ends_in_mid_stream(self):
        with self.client_behind_proxy("--bytes", "1000000") as (client, to_client, to_server):
            to_client.sendall(exchange_first_data(to_client, to_server))
            spdy.disconnect_abruptly(to_client)
            self.check_failure(client, r"stream 0 \(id 1\): .*(lost|closed).* of 1000000 bytes")

    def test_an_end_that_comes_early(self):
        with self.client_behind_proxy("--bytes", "1000000") as (client, to_client, to_server):
            to_client.sendall(exchange_first_data(to_client, to_server))
            to_client.sendall(spdy.data_frame(1, b"", spdy.FLAG_FIN))
            self.check_failure(client, r"stream 0 \(id 1\): the end came after .* of 1000000 bytes")

    def test_silence_is_a_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host, port = silent.getsockname()
            result = run([ECHO_PEER, "dial", "--raw", "--timeout", "1", f"{host}:{port}"])
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "timed out after 1 s with 0 of 1 streams complete")

    def test_mistakes_in_the_command_line(self):
        for words in [
            [],
            ["unknown"],
            ["dial"],
            ["dial", "--streams", "0", "127.0.0.1:1"],
            ["dial", "--bytes", "many", "127.0.0.1:1"],
            ["dial", "--raw", "127.0.0.1:port"],
            ["serve", "127.0.0.1:1"],
        ]:
            with self.subTest(words=words):
                self.assert_exit(run([ECHO_PEER, *words]), 2)


def exchange_first_data(to_client, to_server):
    """Lets the first stream get as far as its first DATA; returns the echo of it."""
    to_server.sendall(forward_until(spdy.SYN_STREAM, to_client, to_server))
    to_client.sendall(forward_until(spdy.SYN_REPLY, to_server, to_client))
    to_server.sendall(forward_until(None, to_client, to_server))
    return forward_until(None, to_server, to_client)


def forward_until(kind, source, target):
    """Passes on the frames ahead of the first of a kind (None: DATA), and returns that one."""
    while True:
        frame = spdy.receive_frame(source)
        if frame.kind == kind:
            return frame.raw
        target.sendall(frame.raw)
