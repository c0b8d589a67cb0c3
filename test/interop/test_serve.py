"""`uvspdy serve` and clients that do what no library does: raw sockets."""

import fcntl
import os
import pathlib
import re
import signal
import socket
import subprocess
import urllib.parse

import spdy
from peers import (
    DEADLINE,
    IGNORE_SIGHUP,
    SLEEP,
    PeerTestCase,
    program,
    run,
    send_two_signals,
    wait_until,
)

UVSPDY = program("UVSPDY_COMMAND")

PROTOCOL = "v4.channel.k8s.io"
STREAM_TYPES = ["error", "stdout", "stderr"]


def exec_target(*words, pod="uvspdy"):
    query = [("command", word) for word in words] + [("stdout", "true"), ("stderr", "true")]
    return f"/api/v1/namespaces/default/pods/{pod}/exec?{urllib.parse.urlencode(query)}"


def upgrade_request(*words, protocol=PROTOCOL):
    lines = [
        f"POST {exec_target(*words)} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        "Content-Length: 0",
    ]
    if protocol is not None:
        lines.append(f"X-Stream-Protocol-Version: {protocol}")
    return "\r\n".join(lines + ["", ""]).encode()


def exec_streams():
    """The frames that create an exec's streams: 1, 3 and 5."""
    encoder = spdy.HeaderEncoder()
    return b"".join(
        encoder.syn_stream(2 * index + 1, {"streamtype": kind})
        for index, kind in enumerate(STREAM_TYPES)
    )


class ServeTestCase(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")

    def connect(self):
        connection = spdy.connect(self.server.address)
        self.addCleanup(connection.close)
        return connection

    def exchange(self, request):
        """Sends a request and returns the answer's head and body."""
        connection = self.connect()
        connection.sendall(request)
        return spdy.receive_head(connection), spdy.receive_all(connection).decode()

    def upgrade(self, *words, early=b""):
        """A connection behind its 101. `early` is sent together with the request."""
        connection = self.connect()
        connection.sendall(upgrade_request(*words) + early)
        head = spdy.receive_head(connection)
        self.assertRegex(head, r"\AHTTP/1\.1 101 Switching Protocols\r\n")
        self.assertIn(f"\r\nX-Stream-Protocol-Version: {PROTOCOL}\r\n", head)
        return connection

    def assert_still_serves(self):
        result = run([UVSPDY, "exec", "-s", self.server.target, "uvspdy", "--", "echo", "fine"])
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"fine\n")


class Requests(ServeTestCase):
    def test_no_upgrade_is_400(self):
        for headers in [
            "",
            "Connection: Upgrade\r\n",
            "Upgrade: SPDY/3.1\r\n",
            "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        ]:
            with self.subTest(headers=headers):
                head, body = self.exchange(
                    f"POST {exec_target('true')} HTTP/1.1\r\nHost: localhost\r\n"
                    f"X-Stream-Protocol-Version: {PROTOCOL}\r\n{headers}\r\n".encode()
                )
                self.assertRegex(head, r"\AHTTP/1\.1 400 Bad Request\r\n")
                self.assertIn("'Upgrade: SPDY/3.1'", body)

    def test_no_protocol_is_400(self):
        head, body = self.exchange(upgrade_request("true", protocol=None))
        self.assertRegex(head, r"\AHTTP/1\.1 400 Bad Request\r\n")
        self.assertIn("X-Stream-Protocol-Version is required", body)

    def test_no_common_protocol_is_403(self):
        head, body = self.exchange(upgrade_request("true", protocol="v9.channel.k8s.io"))
        self.assertRegex(head, r"\AHTTP/1\.1 403 Forbidden\r\n")
        self.assertEqual(
            re.findall(r"(?mi)^X-Accepted-Stream-Protocol-Versions: (.*)\r$", head),
            [PROTOCOL, "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"],
        )
        self.assertRegex(body, r"no common protocol: .*v9\.channel\.k8s\.io.*v4\.channel\.k8s\.io")

    def test_malformed_heads_are_400(self):
        for request in [
            b"nonsense\r\n\r\n",
            b"GET /api\r\n\r\n",
            b"GET /api HTTP/1.1\r\nHost : localhost\r\n\r\n",
            b"GET /api HTTP/1.1\r\nHost: local\x01host\r\n\r\n",
            b"GET /api HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
            b"GET /api HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
            b"GET /api HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        ]:
            with self.subTest(request=request):
                head, body = self.exchange(request)
                self.assertRegex(head, r"\AHTTP/1\.1 400 Bad Request\r\n")
                self.assertRegex(body, r"\A[^\n]+\n\Z")
                self.server.wait_for_log("bad request: " + re.escape(body.strip()))
        self.assert_still_serves()

    def test_an_endless_head_is_431(self):
        connection = self.connect()
        # Not more than it takes: what is sent behind the answer would be lost in a TCP reset.
        connection.sendall(b"GET /api HTTP/1.1\r\nX: " + b"x" * (64 * 1024))
        self.assertRegex(spdy.receive_head(connection), r"\AHTTP/1\.1 431 ")
        self.assert_still_serves()

    def test_a_client_that_leaves_without_a_word(self):
        self.connect().close()
        spdy.disconnect_abruptly(self.connect())
        connection = self.connect()
        connection.sendall(b"POST /api")
        connection.close()
        self.assert_still_serves()


class Sessions(ServeTestCase):
    def test_frames_may_follow_the_request_at_once(self):
        connection = self.upgrade("echo", "early", early=exec_streams())
        frames = spdy.receive_frames(connection)
        output = b"".join(frame.body for frame in frames if frame.stream_id == 3)
        status = b"".join(frame.body for frame in frames if frame.stream_id == 1)
        self.assertEqual(output, b"early\n")
        self.assertIn(b'"status":"Success"', status)
        # In order: the output's end, then the status, and GOAWAY as the last of all.
        fins = [frame.stream_id for frame in frames if frame.flags & spdy.FLAG_FIN]
        self.assertEqual(fins[-1], 1)
        self.assertEqual(sorted(fins), [1, 3, 5])
        self.assertEqual(frames[-1].kind, spdy.GOAWAY)

    def test_a_ping_is_answered(self):
        connection = self.upgrade("true")
        ping = spdy.control_frame(spdy.PING, b"\x00\x00\x00\x07")
        connection.sendall(ping)
        # Behind what every session opens with: SETTINGS, WINDOW_UPDATE and a PING of its own.
        kinds, frame = [], spdy.receive_frame(connection)
        while frame.raw != ping:
            kinds.append(frame.kind)
            frame = spdy.receive_frame(connection)
        self.assertEqual(kinds, [spdy.SETTINGS, spdy.WINDOW_UPDATE, spdy.PING])

    def check_protocol_error(self, connection, malformed, last_good_stream_id, log):
        """The malformed frame leads to GOAWAY, the connection's end, and a line in the log."""
        connection.sendall(malformed)
        frames = spdy.receive_frames(connection)
        self.assertEqual(
            frames[-1].raw, spdy.goaway_frame(last_good_stream_id, spdy.GOAWAY_PROTOCOL_ERROR)
        )
        host, port = connection.getsockname()
        connection.close()
        self.server.wait_for_log(f"{host}:{port}: .*{log}")
        return frames

    def test_malformed_first_frames(self):
        for malformed, log in [
            (
                spdy.control_frame(spdy.RST_STREAM, bytes(4)),
                r"RST_STREAM frame \(type 3, length 4\): length 4 where it must be 8",
            ),
            (
                spdy.control_frame(spdy.SYN_STREAM, bytes(9)),
                r"SYN_STREAM frame \(type 1, length 9\): length 9 where it must be at least 10",
            ),
            (
                b"\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01",
                r"PING frame \(type 6, length 4\): version 2 where SPDY/3.1 has 3",
            ),
            (spdy.data_frame(0, b"x"), r"DATA frame \(stream 0, length 1\): stream id 0"),
            (
                spdy.control_frame(spdy.SYN_STREAM, bytes(3) + b"\x01" + bytes(6) + b"no zlib"),
                r"SYN_STREAM frame \(type 1, length 17\): header block of stream 1: ",
            ),
        ]:
            with self.subTest(log=log):
                frames = self.check_protocol_error(self.upgrade("true"), malformed, 0, log)
                self.assertEqual(len(frames), 1)
        self.assert_still_serves()

    def test_a_malformed_frame_in_mid_command(self):
        remote = self.remote_command(SLEEP)
        connection = self.upgrade(*remote.words)
        connection.sendall(exec_streams())
        remote.wait_for_start()
        self.check_protocol_error(
            connection, spdy.control_frame(spdy.GOAWAY, bytes(7)), 5, r"GOAWAY frame .* length 7"
        )
        remote.wait_for_end()
        self.assert_still_serves()

    def test_a_client_that_vanishes_takes_its_command_along(self):
        for vanish, script in [
            (socket.socket.close, SLEEP),
            (spdy.disconnect_abruptly, SLEEP),
            (spdy.disconnect_abruptly, IGNORE_SIGHUP),
        ]:
            with self.subTest(vanish=vanish.__name__, script=script):
                remote = self.remote_command(script)
                connection = self.upgrade(*remote.words)
                connection.sendall(exec_streams())
                remote.wait_for_start()
                vanish(connection)
                remote.wait_for_end()
        self.assert_still_serves()


class Life(PeerTestCase):
    def test_the_port_that_was_picked_is_printed(self):
        server = self.serve(UVSPDY, "serve", "--listen", "127.0.0.1:0")
        self.assertRegex(server.target, r"\Ahttp://127\.0\.0\.1:[1-9]\d*\Z")
        spdy.connect(server.address).close()

    def test_the_pod_has_the_name_that_was_given(self):
        server = self.serve(UVSPDY, "serve", "--pod", "other")
        self.assert_exit(
            run([UVSPDY, "exec", "-s", server.target, "other", "--", "sh", "-c", "exit 3"]), 3
        )

    def check_refusal(self, listen, pattern, code=2):
        result = run([UVSPDY, "serve", "--listen", listen])
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        self.assert_one_line(result.stderr, f"^uvspdy serve: .*(?:{pattern})")

    def test_addresses_that_others_reach_are_refused(self):
        for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:127.0.0.1]:0"]:
            with self.subTest(listen=listen):
                self.check_refusal(listen, "refusing to listen on .*: .* use a loopback address")

    def test_addresses_that_are_none(self):
        for listen in ["127.0.0.1", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:65536", ""]:
            with self.subTest(listen=listen):
                self.check_refusal(listen, "give HOST:PORT")

    def test_a_port_in_use(self):
        host, port = self.serve(UVSPDY, "serve").address
        self.check_refusal(f"{host}:{port}", f"listen on {host}:{port}: address already in use", 1)

    def test_signals_end_it_with_0(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number=number):
                server = self.serve_mortal(UVSPDY, "serve")
                # Also with a connection whose request has not come.
                with spdy.connect(server.address):
                    self.assertEqual(server.end(number), 0)

    def test_a_second_signal_ends_it_at_once(self):
        server = self.serve_mortal(UVSPDY, "serve")
        remote = self.remote_command(IGNORE_SIGHUP)
        with spdy.connect(server.address) as connection:
            connection.sendall(upgrade_request(*remote.words) + exec_streams())
            remote.wait_for_start()
            expected = send_two_signals(server.process)
            self.assertIn(server.process.wait(DEADLINE), expected)

    def test_lines_that_nobody_reads_stop_nothing(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        process = self.start(
            [UVSPDY, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer
        )
        os.close(writer)
        target = process.stdout.readline().decode().strip()
        host, port = target.rpartition("/")[2].split(":")

        def be_refused():
            with spdy.connect((host, int(port))) as connection:
                connection.sendall(b"nonsense\r\n\r\n")
                self.assertRegex(spdy.receive_head(connection), r"\AHTTP/1\.1 400 Bad Request\r\n")

        for _ in range(90):  # each is a line in the log: more than there is room for
            be_refused()
        self.assertNotIn(b"left out", os.read(reader, 8192))
        be_refused()
        line = os.read(reader, 8192)
        self.assertRegex(line, rb"\A\(\d+ lines that nobody read left out\)\n[^\n]+\n")
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_signals_that_are_ignored_stay_so(self):
        """As nohup has SIGHUP, and a shell SIGINT in the background."""
        for number in (signal.SIGINT, signal.SIGHUP):
            with self.subTest(number=number):
                server = self.serve_mortal(
                    "sh", "-c", f"trap '' {number.value}; exec \"$0\" serve", UVSPDY
                )
                server.process.send_signal(number)
                words = ["uvspdy", "--", "echo", "fine"]
                for _ in range(2):  # it would have ended by then
                    self.assert_exit(run([UVSPDY, "exec", "-s", server.target, *words]), 0)
                self.assertEqual(server.end(), 0)

    def test_it_leaves_no_process(self):
        for script in SLEEP, IGNORE_SIGHUP:
            with self.subTest(script=script):
                server = self.serve_mortal(UVSPDY, "serve")
                remote = self.remote_command(script)
                with spdy.connect(server.address) as connection:
                    connection.sendall(upgrade_request(*remote.words) + exec_streams())
                    remote.wait_for_start()
                    server.process.terminate()
                    spdy.receive_head(connection)
                    status = spdy.receive_frames(connection, until_end_of=1)[-1]
                    self.assertIn(b"NonZeroExitCode", status.body)
                self.assertEqual(server.process.wait(DEADLINE), 0)
                remote.wait_for_end()


class Killed(PeerTestCase):
    """What the guard ends when `uvspdy serve` cannot."""

    def start_exec(self, server, remote):
        connection = spdy.connect(server.address)
        self.addCleanup(connection.close)
        connection.sendall(upgrade_request(*remote.words) + exec_streams())
        remote.wait_for_start()
        # A command may run before the guard knows of it, and the line comes after that.
        server.wait_for_log("running '")

    def guard_of(self, server):
        """The process id of a server's guard."""
        pid = server.process.pid
        [guard] = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        name = pathlib.Path(f"/proc/{guard}/comm")
        wait_until(lambda: name.read_text() == "uvspdy-guard\n", "the guard to have its name")
        return int(guard)

    def test_commands_end_with_it(self):
        for script in SLEEP, IGNORE_SIGHUP, f"(sleep 1000 &); {SLEEP}":
            with self.subTest(script=script):
                server = self.serve_mortal(UVSPDY, "serve")
                remote = self.remote_command(script)
                self.start_exec(server, remote)
                self.assertEqual(server.end(signal.SIGKILL), -signal.SIGKILL)
                remote.wait_for_end()

    def test_a_main_process_ends_with_it(self):
        for flags in ["-i"], ["-it"]:
            with self.subTest(flags=flags):
                remote = self.remote_command(IGNORE_SIGHUP)
                server = self.serve_mortal(UVSPDY, "serve", *flags, "--", *remote.words)
                remote.wait_for_start()
                server.wait_for_log("running '")  # see start_exec
                self.assertEqual(server.end(signal.SIGKILL), -signal.SIGKILL)
                remote.wait_for_end()

    def test_a_second_signal_leaves_none_behind(self):
        server = self.serve_mortal(UVSPDY, "serve")
        remote = self.remote_command(IGNORE_SIGHUP)
        self.start_exec(server, remote)
        expected = send_two_signals(server.process)
        self.assertIn(server.process.wait(DEADLINE), expected)
        remote.wait_for_end()

    def test_the_guard_holds_nothing_of_the_server(self):
        server = self.serve_mortal(UVSPDY, "serve")
        folder = pathlib.Path(f"/proc/{self.guard_of(server)}/fd")
        wait_until(lambda: len(list(folder.iterdir())) == 4, "the guard to close descriptors")
        opened = [os.readlink(entry) for entry in sorted(folder.iterdir())]
        self.assertEqual(opened[:3], ["/dev/null"] * 3)
        self.assertRegex(opened[3], "^pipe:")
        self.assertEqual(server.end(), 0)
        wait_until(lambda: not folder.exists(), "the guard to end with the server")

    def test_a_guard_that_goes_is_told(self):
        server = self.serve_mortal(UVSPDY, "serve")
        os.kill(self.guard_of(server), signal.SIGKILL)
        remote = self.remote_command(SLEEP)
        self.start_exec(server, remote)
        server.wait_for_log("the guard process has gone")
        self.assertEqual(server.end(), 0)
        remote.wait_for_end()


class Limits(PeerTestCase):
    def test_connections(self):
        server = self.serve(UVSPDY, "serve", "--max-connections", "3")
        silent = [spdy.connect(server.address) for _ in range(20)]
        result = run([UVSPDY, "exec", "-s", server.target, "uvspdy", "--", "echo", "fine"])
        self.assert_exit(result, 0)
        for connection in silent:
            connection.close()
        server.wait_for_log("max_connections = 3")

    def test_commands(self):
        server = self.serve(UVSPDY, "serve", "--max-commands", "1")
        with spdy.connect(server.address) as connection:
            remote = self.remote_command(SLEEP)
            connection.sendall(upgrade_request(*remote.words) + exec_streams())
            remote.wait_for_start()
            result = run([UVSPDY, "exec", "-s", server.target, "uvspdy", "--", "true"])
            self.assert_exit(result, 1)
            self.assert_one_line(result.stderr, "max_commands = 1")
        remote.wait_for_end()

    def test_no_numbers(self):
        for flag in "--max-connections", "--max-commands-per-user":
            for value in "-1", "many", "":
                with self.subTest(flag=flag, value=value):
                    self.assert_exit(run([UVSPDY, "serve", f"{flag}={value}"]), 2)
