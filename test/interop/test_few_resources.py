"""The command where the system gives too little: descriptors (ulimit -n) and processes, which
threads are, too (ulimit -u). It does its work, or says in a line why not; no signal ends it."""

import os
import resource
import select
import signal
import subprocess

import spdy
from peers import DEADLINE, PeerTestCase, become_other_user, descriptors, program, run, wait_until

UVSPDY = program("UVSPDY_COMMAND")

# From too few for the loader to enough for all.
DESCRIPTORS = [*range(3, 28), 64]
PROCESSES = range(1, 9)


def few_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def few_processes(count):
    if os.geteuid() == 0:
        return lambda: become_other_user(count)
    return lambda: resource.setrlimit(resource.RLIMIT_NPROC, (count, count))


class FewResources(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")
        self.files = self.folder()
        self.files.chmod(0o777)
        (self.files / "file").write_bytes(b"content")
        # A recording, of which the command reads what it can.
        (self.files / "frames").write_bytes(spdy.control_frame(spdy.PING, b"\0\0\0\1"))

    def commands(self):
        server = ["-s", self.server.target]
        return {
            "exec": ["exec", *server, "uvspdy", "--", "true"],
            "exec -i": ["exec", *server, "-i", "uvspdy", "--", "cat"],
            "exec by name": ["exec", "-s", "http://name.invalid", "uvspdy", "--", "true"],
            "attach": ["attach", *server, "uvspdy"],
            "cp": ["cp", *server, f"uvspdy:{self.files}/file", f"{self.files}/copy"],
            "dump": ["dump", f"{self.files}/frames"],
        }

    def check_ending(self, name, code, errors):
        self.assertGreaterEqual(code, 0, f"{name} was ended by a signal; it said {errors!r}")
        if code != 0:
            self.assertRegex(errors, rb"\A[^\n]+\n", f"{name} ended with {code}, without a word")

    def check_all(self, limit, environment):
        for name, words in self.commands().items():
            with self.subTest(command=name):
                result = run([UVSPDY, *words], preexec_fn=limit, env=environment)
                self.check_ending(name, result.returncode, result.stderr)
        with self.subTest(command="serve"):
            self.check_serve(["serve"], limit, environment)
        with self.subTest(command="serve with a process"):
            self.check_serve(["serve", "-t", "--", "sleep", "1000"], limit, environment)
        with self.subTest(command="port-forward"):
            words = ["port-forward", "-s", self.server.target, "uvspdy", ":80"]
            self.check_serve(words, limit, environment)

    def check_serve(self, words, limit, environment):
        """One that goes on until it is told to end, or cannot begin."""
        process = self.start(
            [UVSPDY, *words],
            preexec_fn=limit,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        self.assertTrue(ready, f"{words[0]} neither begins nor ends")
        if process.stdout.readline():
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=DEADLINE)
        self.check_ending(words[0], process.returncode, errors)

    def test_descriptors(self):
        for count in DESCRIPTORS:
            with self.subTest(descriptors=count):
                self.check_all(few_descriptors(count), None)
        self.assert_exit(
            run([UVSPDY, *self.commands()["exec"]], preexec_fn=few_descriptors(64)), 0
        )

    def test_demo(self):
        # With a few more its client waits in vain for its own server.
        for count in [*range(3, 10), 64]:
            with self.subTest(descriptors=count):
                result = run([UVSPDY, "demo"], preexec_fn=few_descriptors(count))
                self.check_ending("demo", result.returncode, result.stderr)

    def test_processes(self):
        environment = {**os.environ, "HOME": str(self.files), "KUBECONFIG": ""}
        for count in PROCESSES:
            with self.subTest(processes=count):
                self.check_all(few_processes(count), environment)

    def test_a_server_that_had_no_descriptors_left_goes_on_once_it_has(self):
        server = self.serve("sh", "-c", 'ulimit -n 40; exec "$0" serve', UVSPDY)
        before = descriptors(server.process)
        held = [spdy.connect(server.address) for _ in range(60)]
        try:
            server.wait_for_log("too many open files")
        finally:
            for connection in held:
                connection.close()
        # libuv keeps one, for the next time.
        wait_until(lambda: descriptors(server.process) <= before + 1, "them to be given back")
        result = run([UVSPDY, "exec", "-s", server.target, "uvspdy", "--", "echo", "fine"])
        self.assert_exit(result, 0)
