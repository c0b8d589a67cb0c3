"""`uvspdy serve -- COMMAND`: a main process that clients attach to, and what serve makes of it."""

import os
import signal
import subprocess

import spdy
from peers import DEADLINE, PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")


class Attached:
    """A client of attach on a raw socket: error 1, stdin 3, stdout 5."""

    def __init__(self, server, pod="uvspdy"):
        self.connection = spdy.connect(server.address)
        target = f"/api/v1/namespaces/default/pods/{pod}/attach?stdin=true&stdout=true&stderr=false"
        encoder = spdy.HeaderEncoder()
        streams = b"".join(
            encoder.syn_stream(2 * index + 1, {"streamtype": kind})
            for index, kind in enumerate(["error", "stdin", "stdout"])
        )
        request = (
            f"POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: SPDY/3.1\r\nContent-Length: 0\r\n"
            "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
        )
        self.connection.sendall(request.encode() + streams)
        self.head = spdy.receive_head(self.connection)

    def type(self, data):
        self.connection.sendall(spdy.data_frame(3, data))

    def end(self):
        """What stdout and the error stream have carried, once the server has closed."""
        frames = spdy.receive_frames(self.connection)
        return tuple(
            b"".join(frame.body for frame in frames if frame.stream_id == stream)
            for stream in (5, 1)
        )


def fill(writer):
    """A pipe into which nothing more fits; writing to it waits."""
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)


class MainProcess(PeerTestCase):
    def attach(self, server):
        client = Attached(server)
        self.addCleanup(client.connection.close)
        self.assertRegex(client.head, r"\AHTTP/1\.1 101 ")
        return client

    def test_serve_ends_as_its_command_does(self):
        server = self.serve_mortal(UVSPDY, "serve", "-i", "--", "sh", "-c", "read n; exit $n")
        client = self.attach(server)
        client.type(b"7\n")
        _, status = client.end()
        self.assertIn(b'"reason":"NonZeroExitCode"', status)
        self.assertIn(b'"message":"7"', status)
        self.assertEqual(server.process.wait(DEADLINE), 7)
        self.assertIn("main process: exited with 7", server.log())

    def test_output_is_there_before_the_status_and_the_end(self):
        server = self.serve_mortal(UVSPDY, "serve", "-i", "--", "sh", "-c", "read n; seq 1 $n")
        client = self.attach(server)
        client.type(b"10000\n")  # less than the window, which this client does not open again
        output, status = client.end()
        self.assertEqual(output, b"".join(b"%d\n" % i for i in range(1, 10001)))
        self.assertIn(b'"status":"Success"', status)
        self.assertEqual(server.process.wait(DEADLINE), 0)

    def test_a_client_that_never_reads_does_not_keep_serve(self):
        server = self.serve_mortal(
            UVSPDY, "serve", "-i", "--", "sh", "-c", "read n; seq 1 $n; exit 3"
        )
        client = self.attach(server)
        client.type(b"2000000\n")
        self.assertEqual(server.process.wait(DEADLINE), 3)
        client.connection.close()

    def test_a_terminal(self):
        server = self.serve_mortal(UVSPDY, "serve", "-it", "--", "sh", "-c", "read n; tty; exit $n")
        client = self.attach(server)
        client.type(b"4\n")
        output, _ = client.end()
        self.assertRegex(output, rb"\A4\r\n/dev/pts/\d+\r\n\Z")
        self.assertEqual(server.process.wait(DEADLINE), 4)

    def test_the_pod_says_what_its_process_was_given(self):
        server = self.serve(UVSPDY, "serve", "-it", "--", "sleep", "1000")
        connection = spdy.connect(server.address)
        self.addCleanup(connection.close)
        connection.sendall(b"GET /api/v1/namespaces/x/pods/uvspdy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        spdy.receive_head(connection)
        body = spdy.receive_all(connection).decode()
        self.assertIn('"tty":true', body)
        self.assertIn('"stdin":true', body)
        self.assertIn('"stdinOnce":false', body)

    def test_told_to_stop_it_ends_its_command_and_well(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                remote = self.remote_command("exec sleep 1000")
                server = self.serve_mortal(UVSPDY, "serve", "--", *remote.words)
                remote.wait_for_start()
                self.assertEqual(server.end(number), 0)
                remote.wait_for_end()

    def test_told_to_stop_before_it_says_that_it_listens(self):
        """Where it hangs, as nobody reads what it prints; its command runs by then."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                remote = self.remote_command("exec sleep 1000")
                reader, writer = os.pipe()
                fill(writer)
                command = [UVSPDY, "serve", "--", *remote.words]
                process = self.start(command, stdout=writer, stderr=subprocess.DEVNULL)
                os.close(writer)
                remote.wait_for_start()
                process.send_signal(number)
                with open(reader, "rb") as output:
                    self.assertRegex(output.read().lstrip(b"."), rb"\Alistening on .*\n\Z")
                self.assertEqual(process.wait(DEADLINE), 0)
                remote.wait_for_end()

    def test_exec_goes_on_beside_it_and_ends_with_it(self):
        server = self.serve_mortal(UVSPDY, "serve", "-i", "--", "sh", "-c", "read n; exit $n")
        client = self.attach(server)
        remote = self.remote_command("exec sleep 1000")
        command = [UVSPDY, "exec", "-s", server.target, "uvspdy", "--", *remote.words]
        process = self.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        remote.wait_for_start()
        client.type(b"0\n")
        self.assertEqual(server.process.wait(DEADLINE), 0)
        remote.wait_for_end()
        self.assertEqual(process.wait(DEADLINE), 129)

    def test_a_command_that_there_is_not(self):
        for flags in ([], ["-it"]):
            with self.subTest(flags=flags):
                result = run([UVSPDY, "serve", *flags, "--", "uvspdy-has-no-such-command"])
                self.assert_exit(result, 1)
                self.assertEqual(result.stdout, b"")
                self.assert_one_line(
                    result.stderr,
                    "uvspdy serve: exec: 'uvspdy-has-no-such-command': no such file or command",
                )

    def test_flags_that_mean_nothing_without_the_others(self):
        for words, text in [
            (["-i"], "give it behind --"),
            (["-t"], "give it behind --"),
            (["--stdin-once", "--", "cat"], "give -i, too"),
        ]:
            with self.subTest(words=words):
                result = run([UVSPDY, "serve", *words])
                self.assert_exit(result, 2)
                self.assert_one_line(result.stderr, text)
