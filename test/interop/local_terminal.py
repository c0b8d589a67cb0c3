"""Programs on a terminal of their own, as if a person sat at it."""

import fcntl
import os
import re
import select
import struct
import termios
import threading

from peers import wait_until


class LocalTerminal:
    """A pty: tests hold the person's side, programs get the other one as their controlling
    terminal."""

    def __init__(self, test, columns=132, rows=43):
        self._test = test
        self._master, self.slave = os.openpty()
        self.resize(columns, rows)
        self.before = self.mode()
        self.shown = b""
        self._used = 0  # of it, by `expect`
        self._closing = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        test.addCleanup(self.close)

    def start(self, command, **options):
        """Starts a program that leads a session on this terminal."""

        def take_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        streams = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave}
        return self._test.start(
            command,
            **{**streams, **options},
            start_new_session=True,
            preexec_fn=take_terminal,
        )

    def mode(self):
        return termios.tcgetattr(self.slave)

    def is_raw(self):
        local_modes = self.mode()[3]
        return not local_modes & (termios.ICANON | termios.ECHO | termios.ISIG)

    def wait_until_raw(self):
        wait_until(self.is_raw, "raw mode")

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data):
        os.write(self._master, data)

    def wait_for(self, text):
        try:
            wait_until(lambda: text in self.shown, repr(text))
        except AssertionError as error:
            raise AssertionError(f"{error}; shown was {self.shown[-2000:]!r}") from None

    def expect(self, pattern):
        """The match of the first text that fits; it and what is before it are used up."""

        def find():
            return re.compile(pattern).search(self.shown, self._used)

        try:
            match = wait_until(find, repr(pattern))
        except AssertionError as error:
            raise AssertionError(f"{error}; shown was {self.shown[-2000:]!r}") from None
        self._used = match.end()
        return match

    def hang_up(self):
        """The person's window is closed."""
        self.close()

    def close(self):
        self._closing = True
        self._reader.join()
        for fd in (self.slave, self._master):
            if fd >= 0:
                os.close(fd)
        self.slave = self._master = -1

    def _read(self):
        try:
            while not self._closing:
                if select.select([self._master], [], [], 0.02)[0]:
                    self.shown += os.read(self._master, 65536)
        except OSError:
            pass  # nobody has the other side any more
