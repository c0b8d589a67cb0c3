"""A program on a terminal of its own: a pty whose other side is here."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

import peers


class TerminalSession:
    """The terminal is the program's stdin, stdout and stderr, and its session's controlling one."""

    def __init__(self, test, command, columns=100, rows=40, **options):
        self._main, self._terminal = pty.openpty()
        test.addCleanup(self.close)
        self._output = b""
        self.seen = b""
        self._columns, self._rows = columns, rows
        self._set_size(columns, rows)
        self.mode_before = termios.tcgetattr(self._terminal)
        self.process = test.start(
            command,
            stdin=self._terminal,
            stdout=self._terminal,
            stderr=self._terminal,
            preexec_fn=self._take_terminal,
            **options,
        )

    def _take_terminal(self):
        os.setsid()
        fcntl.ioctl(self._terminal, termios.TIOCSCTTY, 0)

    def _set_size(self, columns, rows):
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        """The program hears of it by SIGWINCH."""
        self._set_size(columns, rows)

    def send(self, text):
        os.write(self._main, text.encode())

    def _read(self, seconds):
        """Takes up what comes within this time, and says whether anything did. The terminal stays
        open here, so no end comes."""
        if not select.select([self._main], [], [], seconds)[0]:
            return False
        data = os.read(self._main, 65536)
        self._output += data
        self.seen += data
        return True

    def expect(self, pattern, seconds=peers.DEADLINE):
        """The match of the first text that fits; it and what is before it are used up."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern.encode(), self._output)
            if match:
                self._output = self._output[match.end() :]
                return match
            ended = self.process.poll() is not None
            if not self._read(0.05) and (ended or time.monotonic() > end):
                raise AssertionError(f"waited in vain for {pattern!r} in {self.seen[-2000:]!r}")

    def wait(self):
        """The exit code. What is still on the terminal is read meanwhile: nobody waits for us."""
        end = time.monotonic() + peers.DEADLINE
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it does not end; seen: {self.seen[-2000:]!r}")
            self._read(0.02)
        while self._read(0):
            pass
        return self.process.returncode

    def mode(self):
        return termios.tcgetattr(self._terminal)

    def close(self):
        peers.stop(self.process)
        os.close(self._main)
        os.close(self._terminal)
