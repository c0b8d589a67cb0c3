"""A process that runs out of descriptors (EMFILE) or processes (EAGAIN) in mid-work, and gets some
back: what is under way goes on, what is new is refused or waits, and then all is as before."""

import functools
import os
import pty
import resource
import socket
import subprocess

import kubeconfig
import spdy
import transfers
from local_servers import echo, serve_echo
from peers import (
    DEADLINE,
    PeerTestCase,
    become_other_user,
    descriptors,
    program,
    run,
    stop,
    wait_until,
)

UVSPDY = program("UVSPDY_COMMAND")
PLENTY = 512
ALL_PROCESSES = 8

# A sanitizer that looks for leaks starts a process at the end.
NO_LEAK_CHECK = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def limit(process, what, count):
    """Has a running process have no more than `count`."""
    resource.prlimit(process.pid, what, (count, resource.prlimit(process.pid, what)[1]))


def next_descriptor(process):
    """The least number that is free."""
    used = {int(name) for name in os.listdir(f"/proc/{process.pid}/fd")}
    return next(number for number in range(len(used) + 1) if number not in used)


def with_processes(count):
    """Of another user, who has no more."""
    return functools.partial(become_other_user, count)


class Descriptors(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")
        self.words = [UVSPDY, "exec", "-s", self.server.target, "uvspdy", "--", "echo", "fine"]
        before = descriptors(self.server.process)
        self.assert_exit(run(self.words), 0)
        # libuv keeps one from the first connection on.
        wait_until(lambda: descriptors(self.server.process) <= before + 1, "them to return")

    def start_exec(self):
        return self.start(
            self.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def test_of_a_server(self):
        process = self.server.process
        transfer = transfers.ExecOutput(self, self.server)
        limit(process, resource.RLIMIT_NOFILE, next_descriptor(process))
        waiting = self.start_exec()
        self.server.wait_for_log("accept on .*too many open files")
        self.assertIsNone(waiting.poll())
        limit(process, resource.RLIMIT_NOFILE, PLENTY)
        self.assertEqual(waiting.communicate(timeout=DEADLINE), (b"fine\n", b""))
        transfer.let_end()
        transfer.check_complete()

    def test_of_a_server_that_has_some_for_the_connection(self):
        process = self.server.process
        transfer = transfers.ExecOutput(self, self.server)
        refused = 0
        for more in range(1, 10):
            with self.subTest(descriptors=more):
                limit(process, resource.RLIMIT_NOFILE, next_descriptor(process) + more)
                client = self.start_exec()
                output, errors = client.communicate(timeout=DEADLINE)
                if client.returncode == 0:
                    self.assertEqual(output, b"fine\n")
                    continue
                refused += 1
                self.assertEqual((client.returncode, output), (126, b""), errors)
                self.assert_one_line(errors, "too many open files")
        self.assertGreater(refused, 1)
        limit(process, resource.RLIMIT_NOFILE, PLENTY)
        self.assert_exit(run(self.words), 0)
        transfer.let_end()
        transfer.check_complete()

    def test_of_port_forward(self):
        transfer = transfers.PortForward(self, self.server)
        client, local = transfer.client, transfer.ends[transfer.LOCAL].getpeername()
        limit(client, resource.RLIMIT_NOFILE, next_descriptor(client))
        with spdy.connect(local) as waiting:
            wait_until(lambda: "too many open files" in transfer.errors, "the client to say so")
            limit(client, resource.RLIMIT_NOFILE, PLENTY)
            # Nobody listens there any more, which shows that it has been passed on.
            with self.assertRaises(ConnectionResetError):
                waiting.recv(1)
        transfer.let_end()
        transfer.check_complete()

    def test_of_a_server_that_forwards(self):
        """It cannot connect to the target."""
        process = self.server.process
        transfer = transfers.PortForward(self, self.server)
        target = serve_echo(self)
        words = ["port-forward", "-s", self.server.target, "--address", "127.0.0.1"]
        client = self.start(
            [UVSPDY, *words, "uvspdy", f":{target}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        port = int(client.stdout.readline().decode().rpartition(" -> ")[0].rpartition(":")[2])
        wait_until(lambda: transfer.is_moving(), "the transfer")
        before = descriptors(process)
        self.assertEqual(echo(port, b"before"), b"before")
        wait_until(lambda: descriptors(process) <= before, "the target's descriptor to return")
        limit(process, resource.RLIMIT_NOFILE, next_descriptor(process))
        with self.assertRaises(ConnectionResetError):
            with socket.create_connection(("127.0.0.1", port), DEADLINE) as refused:
                refused.recv(1)
        self.assertIn(b"too many open files", client.stderr.readline())
        limit(process, resource.RLIMIT_NOFILE, PLENTY)
        self.assertEqual(echo(port, b"after"), b"after")
        transfer.let_end()
        transfer.check_complete()


class Processes(PeerTestCase):
    def setUp(self):
        self.need_other_user(UVSPDY)

    def test_of_a_server(self):
        output, errors = (open(self.folder() / "file", "w+b") for _ in range(2))
        self.addCleanup(output.close)
        self.addCleanup(errors.close)
        process = self.start(
            [UVSPDY, "serve"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=with_processes(ALL_PROCESSES),
        )
        target = process.stdout.readline().decode().split()[-1]
        words = [UVSPDY, "exec", "-s", target]
        first = self.start(
            [*words, "-i", "uvspdy", "--", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

        def echo_line(line):
            first.stdin.write(line)
            first.stdin.flush()
            self.assertEqual(first.stdout.readline(), line)

        echo_line(b"before\n")
        sleep = ["sleep", "1000"]
        others = [
            self.start(sleep, preexec_fn=become_other_user) for _ in range(ALL_PROCESSES)
        ]
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        for flags, stdin in ([], subprocess.DEVNULL), (["-i", "-t"], slave):
            with self.subTest(flags=flags):
                result = run([*words, *flags, "uvspdy", "--", "echo", "fine"], stdin=stdin)
                self.assert_exit(result, 126)
                self.assert_one_line(
                    result.stderr, "exec: 'echo': cannot run: resource temporarily unavailable"
                )
        echo_line(b"meanwhile\n")
        for other in others:
            stop(other)
        self.assert_exit(run([*words, "uvspdy", "--", "echo", "fine"]), 0)
        first.stdin.close()
        self.assertEqual(first.wait(DEADLINE), 0)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)

    def test_of_a_server_that_begins(self):
        """It needs one for its guard, and one for its main process."""
        for processes, pattern in (
            (1, "start the process that ends commands .*EAGAIN"),
            (2, "'sleep': cannot run: resource temporarily unavailable"),
        ):
            with self.subTest(processes=processes):
                result = run(
                    [UVSPDY, "serve", "--", "sleep", "1000"],
                    preexec_fn=with_processes(processes),
                    env={**os.environ, **NO_LEAK_CHECK},
                )
                self.assert_exit(result, 1)
                self.assertEqual(result.stdout, b"")
                self.assert_one_line(result.stderr, pattern)

    def test_of_a_client_with_a_credential_plugin(self):
        """Its threads are all that it may have."""
        folder = self.folder()
        folder.chmod(0o755)
        user = kubeconfig.plugin(folder, token="t")
        config = kubeconfig.write(folder / "config", "https://127.0.0.1:1", user=user)
        words = ["exec", "--kubeconfig", str(config), "uvspdy", "--", "true"]
        result = run(
            [UVSPDY, *words],
            preexec_fn=with_processes(5),
            env={**os.environ, **NO_LEAK_CHECK, "UV_THREADPOOL_SIZE": "4"},
        )
        self.assert_exit(result, 1)
        self.assert_one_line(
            result.stderr, "credential plugin: .*cannot run: resource temporarily unavailable"
        )
