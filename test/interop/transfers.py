"""Bytes that are on their way for as long as a test likes, through each subcommand."""

import pathlib
import re
import socket
import subprocess
import threading
import time

import spdy
from exec_cases import random_bytes
from peers import DEADLINE, program, wait_until

UVSPDY = program("UVSPDY_COMMAND")
PIECE = random_bytes(512 << 10)
# More than all buffers on the way hold together.
FILE = random_bytes(24 << 20)


class Transfer:
    """`client` is a process in mid-transfer until `let_end`."""

    # What the client says when the server has gone.
    lost = "the command's exit status is unknown"
    # Of `uvspdy serve`.
    serve_words = ()

    def __init__(self, test, server):
        self._test, self._server = test, server
        self.folder = test.folder()
        self._stop = self.folder / "stop"
        self.output, self._errors = self.folder / "output", self.folder / "errors"
        (self.folder / "piece").write_bytes(PIECE)
        self.begin()
        wait_until(self.is_moving, f"the {type(self).__name__} to move")

    def begin(self):
        raise NotImplementedError

    def is_moving(self):
        return self.output.exists() and self.output.stat().st_size > len(PIECE)

    def let_end(self):
        self._stop.touch()

    def check_complete(self):
        """The client has ended with 0 and every byte has come."""
        self._test.assertEqual(self.client.wait(DEADLINE), 0, self.errors)
        wait_until((self.folder / "count").exists, "the source to end")
        count = int((self.folder / "count").read_text())
        wait_until(lambda: self.output.stat().st_size >= count * len(PIECE), "all to be written")
        self._test.assert_same_bytes(self.output.read_bytes(), PIECE * count)

    def check_lost(self):
        """The client has ended with 1 and a line that says why."""
        self._test.assertEqual(self.client.returncode, 1, self.errors)
        self._test.assertRegex(self.errors.splitlines()[-1], f"^uvspdy [a-z-]+: .*{self.lost}")

    def check_cut(self):
        """Nothing looks as if all had come."""

    @property
    def errors(self):
        return self._errors.read_text()

    def source(self):
        """A script that writes pieces until it may end, and how many there were into a file."""
        here = self.folder
        return (
            f"n=0; until [ -e '{self._stop}' ]; do cat '{here}/piece' || exit; n=$((n+1)); "
            f"sleep 0.05; done; echo $n >'{here}/n'; mv '{here}/n' '{here}/count'"
        )

    def start_client(self, verb, *words, **options):
        with open(self._errors, "wb") as errors:
            self.client = self._test.start(
                [UVSPDY, verb, "-s", self._server.target, *map(str, words)],
                **{"stdin": subprocess.DEVNULL, **options},
                stderr=errors,
            )

    def start_client_with_input(self, *words, **options):
        source = self._test.start(["sh", "-c", self.source()], stdout=subprocess.PIPE)
        self.start_client(*words, stdin=source.stdout, **options)
        source.stdout.close()


class ExecOutput(Transfer):
    def begin(self):
        self.remote = self._test.remote_command(self.source())
        with open(self.output, "wb") as output:
            self.start_client("exec", "uvspdy", "--", *self.remote.words, stdout=output)


class ExecInput(Transfer):
    def begin(self):
        script = f"cat >'{self.output}'; touch '{self.folder}/whole'"
        self.remote = self._test.remote_command(script)
        self.start_client_with_input("exec", "-i", "uvspdy", "--", *self.remote.words)

    def check_cut(self):
        self._test.assertFalse((self.folder / "whole").exists())


class Attach(Transfer):
    serve_words = ("-i", "--stdin-once", "--", "cat")

    def begin(self):
        with open(self.output, "wb") as output:
            self.start_client_with_input("attach", "-i", "uvspdy", stdout=output)


class Copy(Transfer):
    """tar on the other side waits in the middle."""

    @staticmethod
    def waiting(folder):
        wait = f"until [ -e '{folder}/stop' ]; do sleep 0.02; done"
        return f"head -c 1000000; touch '{folder}/moving'; {wait}; cat"

    def is_moving(self):
        return (self.gate / "moving").exists()

    def let_end(self):
        (self.gate / "stop").touch()

    def begin(self):
        self.gate = pathlib.Path(self._server.gate)
        for name in ("moving", "stop"):
            (self.gate / name).unlink(missing_ok=True)
        self.there, self.here = self._test.folder(), self._test.folder()
        (self.folder / "file").write_bytes(FILE)
        self.copy()

    def check_complete(self):
        self._test.assertEqual(self.client.wait(DEADLINE), 0, self.errors)
        self._test.assert_same_bytes(self.target.read_bytes(), FILE)
        self._test.assertEqual(self.names(), [["copy"], []])

    def names(self):
        return sorted(([p.name for p in f.iterdir()] for f in (self.here, self.there)), reverse=True)

    def check_cut(self):
        self._test.assertFalse(self.target.exists())


class Download(Copy):
    tar = '/bin/tar "$@" | {{ {waiting}; }}'

    def copy(self):
        self.target = self.here / "copy"
        self.start_client("cp", f"uvspdy:{self.folder}/file", self.target)


class Upload(Copy):
    tar = '{{ {waiting}; }} | /bin/tar "$@"'

    def copy(self):
        self.target = self.there / "copy"
        self.start_client("cp", f"{self.folder}/file", f"uvspdy:{self.target}")


class PortForward(Transfer):
    """Both ways at once, between two sockets of the test's."""

    lost = "lost connection to pod"
    LOCAL, TARGET = 0, 1

    def begin(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            words = ("--address", "127.0.0.1", "uvspdy", f":{port}")
            self.start_client("port-forward", *words, stdout=subprocess.PIPE)
            line = self.client.stdout.readline().decode()
            local = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) ->", line)
            self._test.assertTrue(local, f"{line!r} {self.errors}")
            self.ends = [spdy.connect(("127.0.0.1", int(local[1])))]
            listener.settimeout(DEADLINE)
            self.ends.append(listener.accept()[0])
        self.sent, self.received, self.failures = [0, 0], [bytearray(), bytearray()], [None, None]
        for end in self.ends:
            end.settimeout(DEADLINE)
            self._test.addCleanup(end.close)
        self._threads = [
            threading.Thread(target=work, args=(number,))
            for work in (self._send, self._receive)
            for number in (0, 1)
        ]
        for thread in self._threads:
            thread.start()
        self._test.addCleanup(self._join)

    def _join(self):
        self.let_end()
        for thread in self._threads:
            thread.join()

    def _send(self, number):
        try:
            while not self._stop.exists():
                self.ends[number].sendall(PIECE)
                self.sent[number] += 1
                time.sleep(0.05)
            self.ends[number].shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the receiving thread reports what became of it

    def _receive(self, number):
        try:
            while piece := self.ends[number].recv(1 << 16):
                self.received[number] += piece
        except OSError as error:
            self.failures[number] = error

    def is_moving(self):
        return all(len(data) > len(PIECE) for data in self.received)

    def check_complete(self):
        self._join()
        self._test.assertEqual(self.failures, [None, None])
        for sent, received in zip(self.sent, reversed(self.received)):
            self._test.assert_same_bytes(bytes(received), PIECE * sent)
        self.client.terminate()
        self._test.assertEqual(self.client.wait(DEADLINE), 0, self.errors)

    def check_cut(self, end=TARGET):
        """The end whose process still lives gets a reset; the kernel closes the other's."""
        self._join()
        self._test.assertIsInstance(self.failures[end], ConnectionResetError)
