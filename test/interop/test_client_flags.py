"""Flags of `uvspdy`'s clients that decide who is acted as, how long it may take, and how much may
come: --as and its like, --timeout, --pod-running-timeout, --max-output."""

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time

import kubeconfig
from kubectls import newest_kubectl
from peers import DEADLINE, PeerTestCase, program, run, wait_until
from scripted_pod import ScriptedPod, pod_with, status

UVSPDY = program("UVSPDY_COMMAND")
TIME_IS_UP = 124
# Values of --timeout for a command that has to get somewhere first: each is for a slower machine.
TIME_LIMITS = ("--timeout=1s", "--timeout=4s", "--timeout=16s")
# What has not ended in order so many seconds after its time is ended.
TIME_TO_END = 20


def impersonation(head):
    """The headers of a request that say whom to act as."""
    return sorted(line for line in head.split("\r\n") if line.lower().startswith("impersonate-"))


class As(PeerTestCase):
    def setUp(self):
        self.server = ScriptedPod(self)
        self.server.outcome = {}

    def check(self, expected, *words, command=(UVSPDY,), env=None):
        self.server.heads.clear()
        result = run([*command, *words, "web", "--", "true"], env={**os.environ, **(env or {})})
        self.assert_exit(result, 0)
        self.assertGreaterEqual(len(self.server.heads), 2)  # the pod, and the upgrade
        for head in self.server.heads:
            self.assertEqual(impersonation(head), expected)

    FLAGS = ["--as", "jane", "--as-group=dev", "--as-group", "ops,x", "--as-uid", "7"]
    HEADERS = [
        "Impersonate-Group: dev",
        "Impersonate-Group: ops,x",
        "Impersonate-Uid: 7",
        "Impersonate-User: jane",
    ]

    def test_by_flags(self):
        self.check(self.HEADERS, "exec", "-s", self.server.url(), *self.FLAGS)
        self.check(["Impersonate-User: jane"], "--as=jane", "exec", "-s", self.server.url())

    def test_flags_replace_what_a_kubeconfig_has(self):
        user = {"as": "other", "as-groups": ["some"], "as-uid": "1"}
        path = str(kubeconfig.write(self.folder() / "config", self.server.url(), user=user))
        expected = ["Impersonate-Group: some", "Impersonate-Uid: 1", "Impersonate-User: other"]
        self.check(expected, "exec", "--kubeconfig", path)
        self.check(self.HEADERS, "exec", "--kubeconfig", path, *self.FLAGS)
        # Field by field, as kubectl merges them.
        expected[0] = "Impersonate-Group: one"
        self.check(expected, "exec", "--kubeconfig", path, "--as-group=one")
        expected = ["Impersonate-Group: some", "Impersonate-Uid: 1", "Impersonate-User: jane"]
        self.check(expected, "exec", "--kubeconfig", path, "--as=jane")

    def test_groups_and_uid_are_of_a_user(self):
        for flag in ("--as-group=x", "--as-uid=x"):
            result = run([UVSPDY, "exec", "-s", self.server.url(), flag, "web", "--", "true"])
            self.assert_exit(result, 1)
            self.assert_one_line(result.stderr, "without impersonating a user: .*; give --as, too$")
        self.assertEqual(self.server.heads, [])

    def test_as_kubectl_does(self):
        kubectl = newest_kubectl()
        if not kubectl:
            self.skipTest("there is no kubectl")
        server = ["-s", self.server.url()]
        environment = {"KUBECONFIG": "/dev/null", "HOME": str(self.folder())}
        flags = [*server, *self.FLAGS, "exec"]
        # kubectl asks for more than the pod, and offers WebSockets; what it asks as is the same.
        self.server.heads.clear()
        run([str(kubectl), *flags, "web", "--", "true"], env={**os.environ, **environment})
        for head in self.server.heads:
            self.assertEqual(impersonation(head), self.HEADERS)
        self.assertTrue(self.server.heads)


class Timeout(PeerTestCase):
    """A command that is over its time ends with 124, wherever it is."""

    def setUp(self):
        self.server = ScriptedPod(self)

    def check(self, *words, name="exec", **options):
        start = time.monotonic()
        result = run([UVSPDY, *words], **options)
        self.assert_exit(result, TIME_IS_UP)
        self.assert_one_line(result.stderr, rf"^uvspdy {name}: the time of --timeout is over$")
        # It has ended in order.
        self.assertLess(time.monotonic() - start, TIME_TO_END)

    def test_a_command_that_runs(self):
        server = self.serve(UVSPDY, "serve")
        command = self.remote_command("exec sleep 1000")
        for limit in TIME_LIMITS:
            self.check("exec", "-s", server.target, limit, "uvspdy", "--", *command.words)
            if command.has_started():
                break
        command.wait_for_end()

    def check_output(self, expected, *words):
        """It is printed before the time is over."""
        for limit in TIME_LIMITS:
            result = run([UVSPDY, *words[:1], limit, *words[1:]])
            self.assert_exit(result, TIME_IS_UP)
            if result.stdout:
                break
        self.assertRegex(result.stdout, expected)

    def test_its_output_comes_before(self):
        server = self.serve(UVSPDY, "serve")
        words = ["uvspdy", "--", "sh", "-c", "echo out; exec sleep 1000"]
        self.check_output(rb"\Aout\n\Z", "exec", "-s", server.target, *words)

    def test_attach(self):
        self.check("attach", "-s", self.server.url(), "--timeout", "500ms", "web", name="attach")

    def test_a_server_that_does_not_answer(self):
        self.server.pod = None
        self.check("exec", "-s", self.server.url(), "--timeout=0.3s", "web", "--", "true")
        self.check("cp", "-s", self.server.url(), "--timeout=0.3s", "web:x", "y", name="cp")

    def test_cp(self):
        target = str(self.folder() / "copy")
        self.check("cp", "-s", self.server.url(), "--timeout=1", "web:/x", target, name="cp")
        self.assertFalse(os.path.exists(target))

    def test_port_forward(self):
        server = self.serve(UVSPDY, "serve")
        words = ["port-forward", "-s", server.target, "uvspdy", ":80"]
        self.check_output(rb"^Forwarding from ", *words)

    def test_a_kubeconfig_that_never_ends(self):
        path = self.folder() / "config"
        os.mkfifo(path)
        self.check("exec", "--kubeconfig", str(path), "--timeout=0.3s", "web", "--", "true")

    def test_messages_that_nobody_reads(self):
        """The line of the end has no room in a full pipe: the process ends all the same, whether
        it runs a loop or reads a file."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        try:
            while os.write(writer, bytes(65536)):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        self.addCleanup(os.close, writer)
        path = self.folder() / "config"
        os.mkfifo(path)
        for flags in (["-s", self.server.url()], ["--kubeconfig", str(path)]):
            command = [UVSPDY, "exec", *flags, "--timeout=0.5s", "web", "--", "true"]
            process = self.start(command, stdin=subprocess.DEVNULL, stderr=writer)
            self.assertEqual(process.wait(DEADLINE), TIME_IS_UP)

    def test_in_time(self):
        self.server.outcome = {"code": 3}
        for time_limit in ("1h", "0", "0s"):
            words = ["exec", "-s", self.server.url(), f"--timeout={time_limit}", "web", "--", "x"]
            self.assert_exit(run([UVSPDY, *words]), 3)

    def test_no_time(self):
        for text in ("", "soon", "-1s", "5 s"):
            result = run([UVSPDY, "exec", f"--timeout={text}", "web", "--", "true"])
            self.assert_exit(result, 2)
            self.assert_one_line(result.stderr, "--timeout: '.*' is no timeout")


class PodRunningTimeout(PeerTestCase):
    def setUp(self):
        self.server = ScriptedPod(self)
        self.server.outcome = {}
        self.server.pod = 200, pod_with(phase="Pending")

    def command(self, verb, *flags):
        more = {"exec": ["--", "true"], "attach": [], "port-forward": [":80"]}[verb]
        return [UVSPDY, verb, "-s", self.server.url(), *flags, "web", *more]

    def upgrades(self):
        return [request for request in self.server.requests if request.startswith("POST")]

    def test_a_pod_that_gets_to_run(self):
        for verb in ("exec", "attach"):
            with self.subTest(verb=verb):
                self.setUp()
                client = self.start(self.command(verb, "--pod-running-timeout=1m"))
                wait_until(lambda: len(self.server.requests) >= 2, "a second question")
                self.assertEqual(self.upgrades(), [])
                self.server.pod = 200, pod_with()
                self.assertEqual(client.wait(DEADLINE), 0)

    def test_one_that_does_not(self):
        for verb in ("exec", "attach", "port-forward"):
            result = run(self.command(verb, "--pod-running-timeout=0.7s"))
            self.assert_exit(result, 1)
            self.assert_one_line(result.stderr, "error: pod web is still pending after the time of")
        self.assertEqual(self.upgrades(), [])

    def test_one_that_ends_or_is_not_there(self):
        client = self.start(self.command("exec", "--pod-running-timeout=1m"), stderr=subprocess.PIPE)
        wait_until(lambda: self.server.requests, "a question")
        self.server.pod = 200, pod_with(phase="Failed")
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 1)
        self.assertIn(b"current phase is Failed", error)
        self.server.pod = status(404, "NotFound", 'pods "web" not found')
        result = run(self.command("exec", "--pod-running-timeout=1m"))
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "NotFound")

    def test_a_signal_meanwhile(self):
        client = self.start(self.command("exec", "--pod-running-timeout=1m"), stderr=subprocess.PIPE)
        wait_until(lambda: len(self.server.requests) >= 2, "a second question")
        client.send_signal(signal.SIGINT)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, error), (-signal.SIGINT, b""))

    def test_without_the_flag_the_pod_is_used_as_it_is(self):
        self.assert_exit(run(self.command("exec")), 0)

    def test_no_time(self):
        for text in ("0", "x", ""):
            result = run(self.command("exec", f"--pod-running-timeout={text}"))
            self.assert_exit(result, 2)


class MaxOutput(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")

    def exec(self, limit, script, *flags):
        words = ["--max-output", limit, *flags, "uvspdy", "--", "sh", "-c", script]
        return run([UVSPDY, "exec", "-s", self.server.target, *words])

    def test_too_much(self):
        for limit, size in [("10", 10), ("10k", 10_000), ("3Mi", 3 << 20), ("0", 0)]:
            with self.subTest(limit=limit):
                command = self.remote_command("exec yes")
                words = ["--max-output", limit, "uvspdy", "--", *command.words]
                result = run([UVSPDY, "exec", "-s", self.server.target, *words])
                self.assert_exit(result, 1)
                self.assertEqual(result.stdout, (b"y\n" * (size // 2 + 1))[:size])
                self.assert_one_line(result.stderr, "^uvspdy exec: more output came than")
                command.wait_for_end()

    def test_both_outputs_count(self):
        pod = ScriptedPod(self)
        command = [UVSPDY, "exec", "-s", pod.url(), "--max-output=6", "web", "--", "x"]
        client = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        pod.session.send("stdout", b"abcd")
        self.assertEqual(client.stdout.read(4), b"abcd")
        pod.session.send("stderr", b"efgh")
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output), (1, b""))
        self.assertTrue(error.startswith(b"efuvspdy exec: more output came than"))

    def test_as_much_as_is_allowed(self):
        result = self.exec("8", "printf abcd; printf efgh >&2; exit 3")
        self.assert_exit(result, 3)
        self.assertEqual(result.stdout, b"abcd")
        self.assertTrue(result.stderr.startswith(b"efgh"))

    @staticmethod
    def readable(pipe):
        """How many bytes can be read at once."""
        return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]

    def test_a_reader_that_is_slow_gets_all_that_is_allowed(self):
        command = [UVSPDY, "exec", "-s", self.server.target, "--max-output=3Mi", "uvspdy"]
        command += ["--", "yes"]
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        size = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
        # A full pipe may have pages that are not.
        wait_until(lambda: self.readable(process.stdout) > size // 2, "the pipe to be full")
        self.assertIsNone(process.poll())
        self.assertEqual(len(process.stdout.read()), 3 << 20)
        self.assertEqual(process.wait(DEADLINE), 1)

    def test_no_size(self):
        for text in ("", "x", "-1", "10MB", "99999999999999999999", "9999999999G"):
            result = run([UVSPDY, "exec", f"--max-output={text}", "web", "--", "true"])
            self.assert_exit(result, 2)
            self.assert_one_line(result.stderr, "is no size")
