"""A process that is stopped (SIGSTOP), or killed, in mid-transfer, and what the other side makes of
it: whoever is stopped loses nothing, whoever has lost its peer says so and leaves nothing."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import spdy
import transfers
from cp_cases import TEMPORARY
from peers import DEADLINE, PeerTestCase, commands_of, descriptors, run, session_members, wait_until
from transfers import UVSPDY

# How long a process is stopped: long enough for its peer to fill all buffers.
PAUSE = 0.4

# Within which the other side has ended.
SOON = 20


def state_of(process):
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0]


def stop_for_now(process):
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: state_of(process) == "T", "the process to be stopped")


class FaultTestCase(PeerTestCase):
    def serve_for(self, kind, serve=None):
        """A server on which such a transfer can be made."""
        if not issubclass(kind, transfers.Copy):
            return (serve or self.serve)(UVSPDY, "serve", *kind.serve_words)
        commands, gate = self.folder(), self.folder()
        tar = kind.tar.format(waiting=kind.waiting(gate))
        (commands / "tar").write_text(f"#!/bin/sh\n{tar}\n")
        (commands / "tar").chmod(0o755)
        path = f"{commands}:{os.environ['PATH']}"
        server = (serve or self.serve)("env", f"PATH={path}", UVSPDY, "serve")
        server.gate = gate
        return server

    def assert_serves(self, server):
        words = ["exec", "-s", server.target, "uvspdy", "--", "echo", "fine"]
        result = run([UVSPDY, *words])
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"fine\n")


class Stopped(FaultTestCase):
    def check(self, kind):
        for who in ("client", "server"):
            with self.subTest(stopped=who):
                mortal = kind is transfers.Attach  # it ends with its main process
                server = self.serve_for(kind, self.serve_mortal if mortal else None)
                transfer = kind(self, server)
                process = transfer.client if who == "client" else server.process
                stop_for_now(process)
                self.addCleanup(process.send_signal, signal.SIGCONT)
                time.sleep(PAUSE)
                transfer.let_end()
                process.send_signal(signal.SIGCONT)
                transfer.check_complete()
                self.assertEqual(transfer.errors, "")
                wait_until(lambda: not commands_of(server), "the server's commands to end")
                if mortal:
                    self.assertEqual(server.process.wait(DEADLINE), 0)

    def test_exec_output(self):
        self.check(transfers.ExecOutput)

    def test_exec_input(self):
        self.check(transfers.ExecInput)

    def test_attach(self):
        self.check(transfers.Attach)

    def test_a_copy_from_the_pod(self):
        self.check(transfers.Download)

    def test_a_copy_to_the_pod(self):
        self.check(transfers.Upload)

    def test_port_forward(self):
        self.check(transfers.PortForward)


class Killed(FaultTestCase):
    def check_client(self, kind):
        server = self.serve_for(kind)
        self.assert_serves(server)
        before = descriptors(server.process)
        transfer = kind(self, server)
        transfer.client.kill()
        wait_until(lambda: not commands_of(server), "the server's commands to end")
        transfer.check_cut()
        wait_until(lambda: descriptors(server.process) <= before, "the descriptors to return")
        self.assert_serves(server)
        return transfer

    def check_server(self, kind):
        server = self.serve_for(kind, self.serve_mortal)
        transfer = kind(self, server)
        commands = commands_of(server)
        server.process.kill()
        transfer.client.wait(SOON)
        transfer.check_lost()
        wait_until(
            lambda: not any(session_members(int(pid)) for pid in commands),
            "the guard to end the commands",
        )
        transfer.let_end()
        return transfer

    def test_client_of_exec_output(self):
        self.check_client(transfers.ExecOutput)

    def test_client_of_exec_input(self):
        self.check_client(transfers.ExecInput)

    def test_client_of_a_copy_from_the_pod(self):
        transfer = self.check_client(transfers.Download)
        # Only what says by its name that it is no result.
        self.assertRegex(str(transfer.names()), rf"\A\[\['{TEMPORARY}\w+'\], \[\]\]\Z")

    def test_client_of_a_copy_to_the_pod(self):
        transfer = self.check_client(transfers.Upload)
        self.assertRegex(str(transfer.names()), rf"\A\[\['{TEMPORARY}\w+'\], \[\]\]\Z")

    def test_client_of_port_forward(self):
        self.check_client(transfers.PortForward)

    def test_client_of_attach(self):
        """The main process goes on, for the next client."""
        server = self.serve_mortal(UVSPDY, "serve", "-i", "--", "cat")
        before = descriptors(server.process)
        transfer = transfers.Attach(self, server)
        [cat] = commands_of(server)
        transfer.client.kill()
        # libuv keeps one from the first connection on.
        wait_until(lambda: descriptors(server.process) <= before + 1, "the descriptors to return")
        self.assertEqual(commands_of(server), [cat])
        client = self.start(
            [UVSPDY, "attach", "-i", "-s", server.target, "uvspdy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        client.stdin.write(b"the next\n")
        client.stdin.flush()
        seen = b""
        while b"the next\n" not in seen:  # after what cat still had from the first
            piece = client.stdout.read1()
            self.assertTrue(piece, seen[-100:])
            seen += piece

    def test_server_of_exec_output(self):
        self.check_server(transfers.ExecOutput)

    def test_server_of_exec_input(self):
        # The kernel closes the command's stdin, which looks like the end of the input.
        self.check_server(transfers.ExecInput)

    def test_server_of_attach(self):
        self.check_server(transfers.Attach)

    def test_server_of_a_copy_from_the_pod(self):
        transfer = self.check_server(transfers.Download)
        self.assertEqual(transfer.names(), [[], []])

    def test_server_of_a_copy_to_the_pod(self):
        # Nobody could tidy up there.
        transfer = self.check_server(transfers.Upload)
        self.assertRegex(str(transfer.names()), rf"\A\[\['{TEMPORARY}\w+'\], \[\]\]\Z")

    def test_server_of_port_forward(self):
        transfer = self.check_server(transfers.PortForward)
        transfer.check_cut(transfer.LOCAL)


class Relay:
    """Passes on connections to a server. The client is stopped while it waits for the server's
    first answer on each of them, until longer than `limit` seconds after the answer has come."""

    def __init__(self, test, server, limit):
        self.client = None
        self._server, self._limit = server, limit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.count = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        test.addCleanup(self._close)

    def _close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                local, _ = self._listener.accept()
            except OSError:
                return
            remote = spdy.connect(self._server.address)
            request = local.recv(65536)
            wait_until(lambda: self.client, "the client to be known")
            stop_for_now(self.client)
            remote.sendall(request)
            local.sendall(remote.recv(65536))
            time.sleep(1.1 * self._limit)
            self.client.send_signal(signal.SIGCONT)
            self.count += 1
            for source, target in ((local, remote), (remote, local)):
                self._threads.append(threading.Thread(target=self._pass_on, args=(source, target)))
                self._threads[-1].start()

    @staticmethod
    def _pass_on(source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()


class StoppedForLonger(FaultTestCase):
    """Than a time limit allows."""

    def test_an_answer_that_came_in_time_counts(self):
        server = self.serve(UVSPDY, "serve")
        relay = Relay(self, server, limit=2)
        words = ["-s", relay.target, "--request-timeout=2s", "uvspdy", "--", "echo", "fine"]
        relay.client = self.start(
            [UVSPDY, "exec", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.addCleanup(relay.client.send_signal, signal.SIGCONT)
        output, errors = relay.client.communicate(timeout=DEADLINE)
        self.assertEqual((output, errors), (b"fine\n", b""))
        self.assertGreaterEqual(relay.count, 1)

    def test_a_server_that_does_not_answer(self):
        server = self.serve(UVSPDY, "serve")
        file = self.folder() / "file"
        file.touch()
        stop_for_now(server.process)
        self.addCleanup(server.process.send_signal, signal.SIGCONT)
        limit = ["-s", server.target, "--request-timeout=500ms"]
        commands = [
            ["exec", *limit, "uvspdy", "--", "touch", f"{file}.exec"],
            ["attach", *limit, "uvspdy"],
            ["cp", *limit, f"uvspdy:{file}", f"{file}.copy"],
            ["cp", *limit, str(file), f"uvspdy:{file}.copy"],
            ["port-forward", *limit, "uvspdy", ":80"],
        ]
        for words in commands:
            with self.subTest(command=words[0]):
                result = run([UVSPDY, *words], timeout=SOON)
                self.assert_exit(result, 1)
                self.assert_one_line(result.stderr, "within 500 ms|timed out")
        server.process.send_signal(signal.SIGCONT)
        self.assert_serves(server)
        wait_until(lambda: not commands_of(server), "the server's commands to end")
        self.assertEqual(os.listdir(file.parent), ["file"])
