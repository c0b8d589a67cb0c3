"""`uvspdy port-forward` and `uvspdy serve`, each in a process of its own."""

import concurrent.futures
import contextlib
import ctypes
import fcntl
import itertools
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

import spdy
from exec_cases import digest
from local_servers import content, download, echo, free_port, serve_downloads, serve_echo
from peers import (
    DEADLINE,
    PeerTestCase,
    descriptors,
    program,
    run,
    send_two_signals,
    wait_until,
)

UVSPDY = program("UVSPDY_COMMAND")


def give_up_privileged_ports():
    """Takes CAP_NET_BIND_SERVICE from the program about to be run, where root would have it."""
    drop_from_bounding_set, net_bind_service = 24, 10
    ctypes.CDLL(None).prctl(drop_from_bounding_set, net_bind_service, 0, 0, 0)


def fill(connection):
    """Sends until nothing more is taken: every buffer on the way is full."""
    while select.select([], [connection], [], 1.0)[1]:
        connection.send(bytes(65536))


class Client:
    """A port-forward that runs, and what it has said."""

    def __init__(self, test, *arguments, **options):
        folder = test.folder()
        self._output, self._errors = folder / "stdout", folder / "stderr"
        command = [UVSPDY, "port-forward", *arguments]
        with open(self._output, "wb") as output, open(self._errors, "wb") as errors:
            self.process = test.start(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, **options
            )
        wait_until(lambda: self.local or self.process.poll() is not None, "a port to be forwarded")

    @property
    def output(self):
        return self._output.read_text()

    @property
    def errors(self):
        return self._errors.read_text()

    @property
    def local(self):
        lines = re.findall(r"^Forwarding from \S+:(\d+) -> (\d+)\n", self.output, re.M)
        return {int(remote): int(local) for local, remote in lines}

    def wait_for_error(self, pattern):
        wait_until(lambda: re.search(pattern, self.errors, re.M), f"{pattern} on stderr")

    def end(self):
        return self.process.wait(DEADLINE)


class PortForward(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")

    def client(self, *arguments, server=None):
        return Client(self, "-s", (server or self.server).target, *arguments)

    def forward(self, *ports):
        return self.client("uvspdy", *ports)

    def assert_reset(self, connection):
        """It breaks, instead of ending as if all had come."""
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)

    def assert_refused(self, port):
        """The reset may be there before connecting has been seen to succeed."""
        with self.assertRaises(ConnectionResetError):
            with socket.create_connection(("127.0.0.1", port), DEADLINE) as refused:
                refused.recv(1)

    def connect(self, server=None, *options):
        """A connection forwarded to a socket of the test's: the client, and both ends of it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = self.client("uvspdy", f":{port}", *options, server=server)
            local = spdy.connect(("127.0.0.1", client.local[port]))
            self.addCleanup(local.close)
            listener.settimeout(DEADLINE)
            target, _ = listener.accept()
            self.addCleanup(target.close)
            target.settimeout(DEADLINE)
        return client, local, target

    def fail_with(self, *arguments, code=1):
        """Runs a port-forward that cannot be; its stderr."""
        result = run([UVSPDY, "port-forward", "-s", self.server.target, *arguments])
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        return result.stderr

    def test_lines_are_those_of_kubectl(self):
        self.need_ipv6_loopback()
        server = serve_echo(self)
        local = free_port()
        client = self.client("pod/uvspdy", f"{local}:{server}")
        self.assertEqual(echo(local, b"one"), b"one")
        self.assertEqual(echo(local, b"two", host="::1"), b"two")
        expected = [
            f"Forwarding from 127.0.0.1:{local} -> {server}",
            f"Forwarding from [::1]:{local} -> {server}",
            f"Handling connection for {local}",
            f"Handling connection for {local}",
        ]
        wait_until(lambda: client.output.count("\n") == 4, "four lines")
        self.assertEqual(client.output.splitlines(), expected)
        self.assertEqual(client.errors, "")
        client.process.send_signal(signal.SIGINT)
        self.assertEqual(client.end(), 0)

    def test_both_half_closes_come_through(self):
        server = serve_echo(self)
        client = self.forward(f":{server}")
        for size in [0, 1, 100000, 5000000]:
            with self.subTest(size=size):
                data = content(size) if size else b""
                self.assert_same_bytes(echo(client.local[server], data), data)

    def test_50_downloads_at_once(self):
        size = 1 << 20
        port = serve_downloads(self)
        local = self.forward(f":{port}").local[port]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            digests = list(pool.map(lambda _: digest(download(local, size)), range(50)))
        self.assertEqual(digests, [digest(content(size))] * 50)

    def test_several_ports_and_one_that_is_free(self):
        self.need_ipv6_loopback()
        first, second = serve_echo(self), serve_echo(self)
        client = self.forward(f":{first}", f"0:{second}", "--address", "127.0.0.1,::1")
        self.assertEqual(len(set(client.local.values())), 2)
        for server in (first, second):
            for host in ("127.0.0.1", "::1"):
                self.assertEqual(echo(client.local[server], b"hello", host), b"hello")

    def test_nobody_listens_in_the_pod(self):
        closed, server = free_port(), serve_echo(self)
        client = self.forward(f":{closed}", f":{server}")
        self.assert_refused(client.local[closed])
        client.wait_for_error(
            f"^an error occurred forwarding {client.local[closed]} -> {closed}: error forwarding "
            f"port {closed} to pod uvspdy, uid .*: .*ECONNREFUSED"
        )
        self.assertEqual(echo(client.local[server], b"still there"), b"still there")

    def test_unknown_pod(self):
        self.assertEqual(
            self.fail_with("no-such-pod", "80"),
            b'Error from server (NotFound): pods "no-such-pod" not found\n',
        )

    def test_arguments_that_are_wrong(self):
        for arguments, words in [
            (["uvspdy", "1:2:3"], "invalid port format '1:2:3'"),
            (["uvspdy", "http:80"], "error parsing local port 'http'"),
            (["uvspdy", "80:http"], "error parsing remote port 'http'"),
            (["uvspdy", "65536"], "error parsing local port '65536'"),
            (["uvspdy", "8080:0"], "remote port must be > 0"),
            (["uvspdy", "8080:"], "remote port cannot be empty"),
            (["uvspdy", ":80", "--address", "example.com"], "example.com is not a valid IP"),
            (["deployment/web", "80"], "'deployment/web': only pods can be named here"),
        ]:
            with self.subTest(arguments=arguments):
                self.assert_one_line(
                    self.fail_with(*arguments, code=2),
                    f"^uvspdy port-forward: {re.escape(words)}",
                )
        words = "TYPE/NAME and list of ports are required for port-forward"
        self.assert_one_line(self.fail_with("uvspdy", code=2), words)
        self.assert_one_line(self.fail_with(code=2), words)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            errors = self.fail_with("uvspdy", f"{port}:80", "--address", "127.0.0.1").decode()
            self.assertRegex(
                errors,
                rf"\AUnable to listen on port {port}: Listeners failed to create with the following"
                rf" errors: \[.*EADDRINUSE.*\]; name another local port, or :80 for a free one\n"
                rf"uvspdy port-forward: unable to listen on any of the requested ports: "
                rf"\[{{{port} 80}}\]\n\Z",
            )
            # Another port is forwarded all the same.
            server = serve_echo(self)
            client = self.client(
                "uvspdy", f"{port}:80", f":{server}", "--address", "127.0.0.1"
            )
            client.wait_for_error(f"^Unable to listen on port {port}")
            self.assertEqual(echo(client.local[server], b"hello"), b"hello")

    def test_of_localhost_one_family_is_enough(self):
        self.need_ipv6_loopback()
        server = serve_echo(self)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            client = self.forward(f"{port}:{server}")
            self.assertEqual(client.output, f"Forwarding from [::1]:{port} -> {server}\n")
            self.assertEqual(echo(port, b"hello", host="::1"), b"hello")

    def test_a_privileged_port(self):
        first = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        if first <= 80:
            self.skipTest(f"port 80 is for everybody here (ip_unprivileged_port_start is {first})")
        result = run(
            [UVSPDY, "port-forward", "-s", self.server.target, "uvspdy", "80"],
            preexec_fn=give_up_privileged_ports,
        )
        self.assert_exit(result, 1)
        self.assertRegex(
            result.stderr.decode(),
            r"\AUnable to listen on port 80: Listeners failed to create with the following errors: "
            r"\[.*EACCES.*\]; ports below 1024 are for privileged users: name another local port",
        )

    def test_a_lost_connection(self):
        server = self.serve_mortal(UVSPDY, "serve")
        target = serve_echo(self)
        client = self.client("uvspdy", f":{target}", server=server)
        with socket.create_connection(("127.0.0.1", client.local[target])) as local:
            wait_until(lambda: "Handling connection" in client.output, "the connection")
            server.process.kill()
            self.assertEqual(client.end(), 1)
            self.assert_reset(local)
        self.assert_one_line(
            client.errors.encode(), "^uvspdy port-forward: lost connection to pod: "
        )

    def test_reconnect(self):
        server = self.serve_mortal(UVSPDY, "serve")
        target = serve_echo(self)
        client = self.client("uvspdy", f":{target}", "--reconnect", server=server)
        local = client.local[target]
        self.assertEqual(echo(local, b"before"), b"before")
        server.process.kill()
        server.process.wait(DEADLINE)
        client.wait_for_error("^lost connection to pod.*; connecting again in 500 ms$")
        client.wait_for_error(
            "^Unable to connect to the server: connect to .*refused.*; connecting again in 1000 ms$"
        )
        # Accepted, and kept until there is a server again.
        with socket.create_connection(("127.0.0.1", local), DEADLINE) as waiting:
            waiting.sendall(b"meanwhile")
            waiting.shutdown(socket.SHUT_WR)
            host, port = server.address
            self.serve(UVSPDY, "serve", "--listen", f"{host}:{port}")
            client.wait_for_error("^connected to pod uvspdy again$")
            self.assertEqual(waiting.recv(100), b"meanwhile")
        self.assertEqual(echo(local, b"after"), b"after")
        client.process.terminate()
        self.assertEqual(client.end(), 0)

    def test_a_download_that_is_cut_is_a_reset(self):
        part = content(1 << 20)
        for who in ("target", "server", "client"):
            with self.subTest(who=who):
                server = self.serve_mortal(UVSPDY, "serve")
                client, local, target = self.connect(server)
                target.sendall(part)
                self.assert_same_bytes(spdy.receive(local, len(part)), part)
                if who == "target":
                    spdy.disconnect_abruptly(target)
                elif who == "server":
                    server.process.kill()
                else:
                    client.process.terminate()
                self.assert_reset(local)

    def test_an_upload_that_is_cut_is_a_reset(self):
        part = content(1 << 20)
        for who in ("local", "server", "client", "killed client"):
            with self.subTest(who=who):
                server = self.serve_mortal(UVSPDY, "serve")
                client, local, target = self.connect(server)
                local.sendall(part)
                self.assert_same_bytes(spdy.receive(target, len(part)), part)
                if who == "local":
                    spdy.disconnect_abruptly(local)
                elif who == "server":
                    server.process.terminate()
                elif who == "client":
                    client.process.terminate()
                else:
                    client.process.kill()
                self.assert_reset(target)

    def test_it_ends_while_connections_are_open(self):
        target = serve_echo(self)
        client = self.forward(f":{target}")
        with socket.create_connection(("127.0.0.1", client.local[target])) as local:
            wait_until(lambda: "Handling connection" in client.output, "the connection")
            client.process.send_signal(signal.SIGINT)
            self.assertEqual(client.end(), 0)
            self.assert_reset(local)

    def test_it_ends_though_the_server_takes_nothing(self):
        server = self.serve_mortal(UVSPDY, "serve")
        client, local, _ = self.connect(server)
        server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(server.process.kill)
        fill(local)
        # What is forwarded is over; what the kernel holds for the server is not.
        spdy.disconnect_abruptly(local)
        client.process.terminate()
        self.assertEqual(client.end(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        client, local, target = self.connect()
        fill(target)
        expected = send_two_signals(client.process)
        self.assertIn(client.end(), expected)
        with self.assertRaises(ConnectionResetError):
            spdy.receive_all(local)

    def test_a_server_that_refuses_connections(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            host, port = unused.getsockname()
            result = run([UVSPDY, "port-forward", "-s", f"http://{host}:{port}", "uvspdy", "80"])
        self.assert_exit(result, 1)
        self.assert_one_line(
            result.stderr, f"^Unable to connect to the server: connect to {host}:{port}: .*refused"
        )

    def test_what_nobody_has_taken_at_the_end_is_a_reset(self):
        """It ends though a local program reads nothing, which must not see an end there."""
        client, local, target = self.connect()
        fill(target)
        client.process.send_signal(signal.SIGINT)
        self.assertEqual(client.end(), 0)
        with self.assertRaises(ConnectionResetError):
            spdy.receive_all(local)

    def stuck_with_time_left(self):
        """A port-forward with --timeout whose local program reads nothing: the client, that
        program's end, and when the time is over, which is seconds from now, on a slow machine
        too."""
        for seconds in (4, 8, 16, 32):
            end = time.monotonic() + seconds
            # The time may be over in the midst of it.
            with contextlib.suppress(OSError, KeyError):
                client, local, target = self.connect(None, f"--timeout={seconds}s")
                fill(target)
                if time.monotonic() < end - 1:
                    return client, local, end
        self.fail("a port-forward did not get ready within 31 s")

    def test_the_end_of_its_time_is_an_end_in_order(self):
        client, local, _ = self.stuck_with_time_left()
        self.assertEqual(client.end(), 124)
        self.assertEqual(client.errors, "uvspdy port-forward: the time of --timeout is over\n")
        with self.assertRaises(ConnectionResetError):
            spdy.receive_all(local)

    def test_the_end_of_its_time_is_no_second_signal(self):
        client, local, end = self.stuck_with_time_left()
        time.sleep(max(0, end - 3 - time.monotonic()))  # then 5 s for the local program go past it
        client.process.send_signal(signal.SIGINT)
        self.assertEqual(client.end(), 0)
        self.assertGreater(time.monotonic(), end)
        self.assertEqual(client.errors, "")
        with self.assertRaises(ConnectionResetError):
            spdy.receive_all(local)

    def test_a_lost_connection_is_noticed_though_a_program_reads_nothing(self):
        server = self.serve_mortal(UVSPDY, "serve")
        client, stalled, target = self.connect(server, "--reconnect")
        fill(target)
        server.process.kill()
        server.process.wait(DEADLINE)
        # Whoever comes next shows it.
        with contextlib.suppress(ConnectionResetError):
            spdy.connect(stalled.getpeername()).close()
        client.wait_for_error("^lost connection to pod.*; connecting again in 500 ms$")

    def test_lines_that_nobody_reads_stop_nothing(self):
        """Not on stdout, where each connection has one, and not on stderr."""
        server, closed = serve_echo(self), free_port()
        ends = [os.pipe(), os.pipe()]
        for reader, writer in ends:
            self.addCleanup(os.close, reader)
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        client = self.start(
            [UVSPDY, "port-forward", "-s", self.server.target, "--address", "127.0.0.1"]
            + ["uvspdy", f":{server}", f":{closed}"],
            stdin=subprocess.DEVNULL,
            stdout=ends[0][1],
            stderr=ends[1][1],
        )
        for _, writer in ends:
            os.close(writer)
        output = b""
        while output.count(b"\n") < 2:
            piece = os.read(ends[0][0], 4096)
            self.assertNotEqual(piece, b"")
            output += piece
        local = {int(remote): int(port) for port, remote in re.findall(rb":(\d+) -> (\d+)", output)}

        def connect():
            self.assertEqual(echo(local[server], b"hello"), b"hello")
            self.assert_refused(local[closed])

        for _ in range(200):  # more than there is room for
            connect()
        for reader, _ in ends:
            self.assertNotIn(b"left out", os.read(reader, 8192))
        connect()
        for reader, _ in ends:
            line = os.read(reader, 8192)
            self.assertRegex(line, rb"\A\(\d+ lines that nobody read left out\)\n[^\n]+\n")
        client.send_signal(signal.SIGTERM)
        self.assertEqual(client.wait(DEADLINE), 0)

    def test_signals_end_it_unless_they_are_ignored(self):
        """As nohup has SIGHUP, and a shell SIGINT in the background."""
        server = serve_echo(self)
        for number, disposition in itertools.product(
            (signal.SIGHUP, signal.SIGINT), (signal.SIG_DFL, signal.SIG_IGN)
        ):
            client = Client(
                self,
                *["-s", self.server.target, "uvspdy", f":{server}"],
                preexec_fn=lambda which=number, how=disposition: signal.signal(which, how),
            )
            client.process.send_signal(number)
            if disposition == signal.SIG_IGN:
                for _ in range(2):  # it would have ended by then
                    self.assertEqual(echo(client.local[server], b"hello"), b"hello")
                self.assertIsNone(client.process.poll())
                client.process.terminate()
            self.assertEqual(client.end(), 0)

    def test_a_download_that_nobody_reads_stops_no_other(self):
        port = serve_downloads(self)
        local = self.forward(f":{port}").local[port]
        size = 16 << 20  # more than what any buffer on the way holds
        with socket.create_connection(("127.0.0.1", local), DEADLINE) as stalled:
            stalled.sendall(f"GET /{size} HTTP/1.0\r\n\r\n".encode())
            self.assertEqual(len(spdy.receive(stalled, 65536)), 65536)
            for _ in range(10):
                self.assertEqual(digest(download(local, 1 << 20)), digest(content(1 << 20)))
            rest = spdy.receive_all(stalled)
        self.assertGreater(len(rest), size - 65536)
        self.assertTrue(rest.endswith(content(size)[-65536:]))

    def test_descriptors_return(self):
        web = serve_downloads(self)
        client = self.forward(f":{web}")
        local = client.local[web]
        for _ in range(20):
            download(local, 1000)
        processes = [client.process, self.server.process]
        # What the last ones hold goes in a moment.
        before = [descriptors(process) for process in processes]
        for _ in range(300):
            download(local, 1000)
        wait_until(
            lambda: all(descriptors(p) <= count for p, count in zip(processes, before)),
            "the descriptors to return",
        )
