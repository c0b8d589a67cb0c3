"""`uvspdy exec` and `uvspdy serve`, each in a process of its own."""

import signal
import socket
import subprocess

import spdy
from exec_cases import ExecCases, digest, random_bytes
from peers import DEADLINE, IGNORE_SIGHUP, SLEEP, PeerTestCase, program, run
from scripted_pod import ScriptedPod
from scripted_proxy import ScriptedProxy

UVSPDY = program("UVSPDY_COMMAND")


def exec_command(target, *words, stdin=False, pod="uvspdy"):
    return [UVSPDY, "exec", "-s", target, *(["-i"] if stdin else []), pod, "--", *words]


class Exec(ExecCases, PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")

    def command(self, *words, stdin=False):
        return exec_command(self.server.target, *words, stdin=stdin, pod=self.pod)

    def execute(self, *words, data=None, **options):
        with_stdin = data is not None or "stdin" in options
        return run(self.command(*words, stdin=with_stdin), data, **options)

    def test_errors_are_one_line(self):
        result = self.execute("no-such-command")
        self.assert_one_line(
            result.stderr,
            "^uvspdy exec: command terminated with exit code 127: "
            "exec: 'no-such-command': no such file or command$",
        )
        result = self.execute("sh", "-c", "exit 3")
        self.assert_one_line(result.stderr, "^uvspdy exec: command terminated with exit code 3$")

    def test_stdin_from_a_file_and_output_to_a_file(self):
        data = random_bytes(10 << 20)
        folder = self.folder()
        (folder / "in").write_bytes(data)
        with open(folder / "in", "rb") as source, open(folder / "out", "wb") as target:
            result = self.execute("cat", stdin=source, stdout=target)
        self.assert_exit(result, 0)
        self.assertEqual(digest((folder / "out").read_bytes()), digest(data))

    def test_stdin_from_dev_null(self):
        result = self.execute("cat", stdin=subprocess.DEVNULL)
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")

    def test_stdin_is_passed_on_only_when_asked_for(self):
        result = run(self.command("cat"), b"not asked for")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")

    def test_stdin_piece_by_piece(self):
        client = self.start(
            self.command("cat", stdin=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        # Each line comes back while stdin is still open.
        for line in [b"one\n", b"two\n", b"three\n"]:
            client.stdin.write(line)
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), line)
        client.stdin.close()
        self.assertEqual((client.stdout.read(), client.wait(DEADLINE)), (b"", 0))

    def test_head_ends_it(self):
        remote = self.remote_command("exec yes")
        client = self.start(
            self.command(*remote.words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        head = run(["head", "-n", "3"], stdin=client.stdout)
        self.assertEqual(head.stdout, b"y\ny\ny\n")
        client.stdout.close()
        # As any program ends whose reader has gone: quietly.
        self.assertEqual(client.wait(DEADLINE), -signal.SIGPIPE)
        remote.wait_for_end()

    def test_unknown_container(self):
        result = run(
            [UVSPDY, "exec", "-s", self.server.target, "-c", "other", "uvspdy", "--", "true"]
        )
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "container other is not valid for pod uvspdy")

    def test_a_client_that_is_killed_takes_its_command_along(self):
        remote = self.remote_command(SLEEP)
        client = self.start(self.command(*remote.words), stdin=subprocess.DEVNULL)
        remote.wait_for_start()
        client.kill()
        remote.wait_for_end()

    def test_20_at_once(self):
        clients = [
            self.start(
                self.command("sh", "-c", f"cat; exit {number}", stdin=True),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            for number in range(20)
        ]
        for number, client in enumerate(clients):
            data = random_bytes(100_000 + number)
            output, _ = client.communicate(data, timeout=DEADLINE)
            self.assertEqual((client.returncode, digest(output)), (number, digest(data)))


class OneAnswer(ScriptedProxy):
    """A server that has one answer to everything."""

    scheme = "http"

    def __init__(self, test, answer):
        self._answer = answer
        super().__init__(test)

    def deal_with(self, client):
        spdy.receive_head(client)
        client.sendall(self._answer)


class Failures(PeerTestCase):
    """No status seen is never success, and always one line that says why."""

    def check_failure(self, client, pattern):
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output), (1, b""))
        self.assert_one_line(error, f"^uvspdy exec: .*(?:{pattern})")

    def start_exec(self, target, *words):
        return self.start(
            exec_command(target, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def test_a_refused_connection(self):
        # Bound and not listening: nobody else gets the port meanwhile.
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            host, port = unused.getsockname()
            client = self.start_exec(f"http://{host}:{port}", "true")
            self.check_failure(client, "connection refused")

    def test_a_server_that_answers_something_else(self):
        for answer, pattern in [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200"),
            (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", "503.*busy"),
            (b"220 mail.example ESMTP\r\n\r\n", "."),
            (b"", "."),
        ]:
            with self.subTest(answer=answer):
                server = OneAnswer(self, answer)
                client = self.start_exec(server.url(), "true")
                self.check_failure(client, pattern)

    def test_a_server_that_dies_in_mid_command(self):
        server = self.serve_mortal(UVSPDY, "serve")
        remote = self.remote_command(f"echo started; {SLEEP}")
        client = self.start_exec(server.target, *remote.words)
        # Until then it may not have heard of its last stream.
        self.assertEqual(client.stdout.readline(), b"started\n")
        server.end(signal.SIGKILL)
        self.check_failure(client, "the command's exit status is unknown")

    def test_a_server_that_dies_in_mid_output(self):
        server = self.serve_mortal(UVSPDY, "serve")
        remote = self.remote_command("exec yes")
        client = self.start_exec(server.target, *remote.words)
        self.assertEqual(client.stdout.readline(), b"y\n")
        server.end(signal.SIGKILL)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 1)
        self.assert_one_line(error, "the command's exit status is unknown")

    def test_a_server_that_is_stopped_in_mid_command(self):
        for script, code in [(SLEEP, 128 + signal.SIGHUP), (IGNORE_SIGHUP, 128 + signal.SIGKILL)]:
            with self.subTest(script=script):
                server = self.serve_mortal(UVSPDY, "serve")
                remote = self.remote_command(script)
                client = self.start_exec(server.target, *remote.words)
                remote.wait_for_start()
                self.assertEqual(server.end(signal.SIGTERM), 0)
                remote.wait_for_end()
                output, error = client.communicate(timeout=DEADLINE)
                self.assertEqual((client.returncode, output), (code, b""))
                self.assert_one_line(error, f"exit code {code}")

    def test_mistakes_in_the_command_line(self):
        for words in [[], ["uvspdy"], ["-s", "http://127.0.0.1:1", "uvspdy"], ["--unknown"]]:
            with self.subTest(words=words):
                self.assert_exit(run([UVSPDY, "exec", *words]), 2)

    def test_a_url_that_cannot_be_used(self):
        for url in ["ftp://127.0.0.1:1", "127.0.0.1:99999", "http://127.0.0.1:99999"]:
            with self.subTest(url=url):
                result = run(exec_command(url, "true"))
                self.assert_exit(result, 1)
                self.assert_one_line(result.stderr, "^uvspdy exec: server: .*")


class ExitCodes(PeerTestCase):
    """Those that a server may name; a process has no more than 8 bits for its own."""

    def test_a_failure_never_becomes_a_success(self):
        for code, seen in ((3, 3), (255, 255), (256, 1), (257, 1), (512, 1), (65536, 1), (511, 255)):
            with self.subTest(code=code):
                server = ScriptedPod(self)
                client = self.start(
                    exec_command(server.url(), "x", pod="web"), stderr=subprocess.PIPE
                )
                server.session.finish(code)
                _, error = client.communicate(timeout=DEADLINE)
                self.assertEqual(client.returncode, seen, error)
                self.assert_one_line(
                    error, f"^uvspdy exec: command terminated with exit code {code}$"
                )

    def test_the_line_is_kubectl_s_whatever_the_server_says(self):
        said = "command terminated with exit code 3"
        for message, line in (
            (None, said),
            (said, said),
            # Kubelets, and containerd below them.
            ("command terminated with non-zero exit code: error executing [x], exit code 3", said),
            ("exec: 'x': no such file", f"{said}: exec: 'x': no such file"),
            ("a\nb", f"{said}: a[^b]+b"),
        ):
            with self.subTest(message=message):
                server = ScriptedPod(self)
                server.outcome = {"code": 3, "message": message}
                result = run(exec_command(server.url(), "x", pod="web"))
                self.assert_exit(result, 3)
                self.assert_one_line(result.stderr, f"^uvspdy exec: {line}$")
