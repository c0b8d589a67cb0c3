"""An attacker's side: connections that send and count, until the time of the attack is over."""

import select
import socket
import ssl
import struct
import time

import frames
import spdy

# What an answer that ends a connection looks like in its last bytes.
_GOAWAY = struct.pack(">HHI", 0x8003, spdy.GOAWAY, 8)
_RESET = struct.pack(">HHI", 0x8003, spdy.RST_STREAM, 8)
_PING = struct.pack(">HHI", 0x8003, spdy.PING, 4)
_SYN_REPLY = struct.pack(">HH", 0x8003, spdy.SYN_REPLY)
_GOAWAY_STATUS = {0: "OK", 1: "PROTOCOL_ERROR", 2: "INTERNAL_ERROR"}
_TAIL = 4096

# Attackers come from another address than the good connection and newcomers.
_SOURCE = ("127.0.0.2", 0)


class TimeIsOver(Exception):
    """The attack has lasted as long as it was to."""


class Ended(Exception):
    """The target has ended the connection; the text says how."""


class Report:
    """What an attacker has done, and what became of its connections."""

    def __init__(self):
        self.sent = self.received = self.resets = self.connections = 0
        self.ended = {}  # how: how often
        self.first_end = None  # (bytes sent, seconds) when a connection was ended first

    def add(self, other):
        self.sent += other.sent
        self.received += other.received
        self.resets += other.resets
        self.connections += other.connections
        for how, count in other.ended.items():
            self.ended[how] = self.ended.get(how, 0) + count
        ends = [end for end in (self.first_end, other.first_end) if end]
        self.first_end = min(ends, default=None)


class Link:
    """One TCP connection, with TLS or without. Nothing waits longer than the attack lasts."""

    def __init__(self, address, deadline, report, tls=None, source=None):
        self.deadline, self.report = deadline, report
        self.begun, self.sent, self._tail = time.monotonic(), 0, b""
        try:
            self._socket = socket.create_connection(address, self.left(), source)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")
        except TimeoutError:
            raise TimeIsOver from None
        except OSError as error:
            self._end(f"not connected: {type(error).__name__}")
        report.connections += 1
        self._socket.setblocking(False)

    def left(self):
        """Seconds until the attack is over; there are some."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeIsOver
        return left

    def fileno(self):
        return self._socket.fileno()

    def send(self, data, read=True):
        """Sends all of it; answers are read meanwhile and forgotten."""
        rest = memoryview(data)
        while rest:
            self._wait(write=True, read=read)
            rest = rest[self._send_some(rest) :]

    def flood(self, data, read=True):
        """Sends the bytes over and over, for as long as the attack lasts."""
        buffer = frames.repeated(data)
        while True:
            self.send(buffer, read)

    def dribble(self, data, pause=0.0):
        """Sends a byte at a time, each as a packet of its own."""
        for at in range(len(data)):
            self.send(data[at : at + 1])
            self.pause(pause)

    def pause(self, seconds=None):
        """Reads what comes for so long; without `seconds` until the attack is over."""
        end = min(self.deadline, time.monotonic() + (seconds or 0)) if seconds is not None else None
        while end is None or time.monotonic() < end:
            left = self.left()
            if end is not None:
                left = min(left, max(0.0, end - time.monotonic()))
            if select.select([self._socket], [], [], left)[0]:
                self._receive_some()
        self.left()

    def sleep(self, seconds=None):
        """Reads nothing for so long; without `seconds` until the attack is over."""
        time.sleep(self.left() if seconds is None else min(seconds, self.left()))
        self.left()

    def read(self, count):
        """Reads up to so many bytes, if there are any."""
        try:
            if not self._socket.recv(count):
                self._end(self._how())
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError as error:
            self._end(self._how(error))

    def receive_until(self, done):
        """Reads until `done(all that has come)` is true, and returns all."""
        received = b""
        while not done(received):
            self._wait(read=True)
            received += self._receive_some()
        return received

    def reset(self):
        """Breaks off with a TCP reset."""
        spdy.disconnect_abruptly(self._socket)

    def shut_down(self):
        """Ends the sending side, as TCP has it."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self):
        self._socket.close()

    def _wait(self, write=False, read=False):
        while True:
            reading = [self._socket] if read else []
            if read and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
                ready, writable = reading, []
            else:
                writing = [self._socket] if write else []
                ready, writable, _ = select.select(reading, writing, [], self.left())
            if ready and write:
                self._receive_some()
            if writable or (ready and not write):
                return

    def _send_some(self, data):
        try:
            count = self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:
            return self._end(self._how(error))
        self.sent += count
        self.report.sent += count
        return count

    def _receive_some(self):
        try:
            received = self._socket.recv(1 << 20)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError as error:
            return self._end(self._how(error))
        if not received:
            self._end(self._how())
        self.report.received += len(received)
        self.report.resets += received.count(_RESET)
        self._tail = (self._tail + received[-_TAIL:])[-_TAIL:]
        return received

    def _how(self, error=None):
        """How the target has ended the connection: by its last words, if there are any."""
        while error is not None:  # they may have come before the error
            try:
                last = self._socket.recv(_TAIL)
            except OSError:
                break
            if not last:
                break
            self._tail = (self._tail + last)[-_TAIL:]
        at = self._tail.rfind(_GOAWAY)
        if at >= 0 and len(self._tail) >= at + 16:
            status = struct.unpack(">I", self._tail[at + 12 : at + 16])[0]
            return f"GOAWAY {_GOAWAY_STATUS.get(status, status)}"
        if self._tail.startswith(b"HTTP/1.1 ") and not self._tail.startswith(b"HTTP/1.1 101 "):
            return self._tail[:12].decode("latin-1")
        return type(error).__name__ if error else "closed"

    def _end(self, how):
        report = self.report
        report.ended[how] = report.ended.get(how, 0) + 1
        report.first_end = report.first_end or (self.sent, time.monotonic() - self.begun)
        raise Ended(how)


class Session(Link):
    """A connection on which SPDY has begun as the target wants it, with a stream that brings data
    to the target (`stream`) and is open."""

    def __init__(self, opening, *args, **kwargs):
        super().__init__(*args, **kwargs)
        early = b""
        if opening.head:
            self.send(opening.head, read=False)
            early = self.receive_until(lambda data: b"\r\n\r\n" in data)
            if not early.startswith(b"HTTP/1.1 101 "):
                self._end(early[:12].decode("latin-1"))
            early = early.partition(b"\r\n\r\n")[2]
        self.send(opening.frames, read=False)
        # A Go peer drops what comes before its replies.
        count = opening.replies
        early += self.receive_until(lambda data: (early + data).count(_SYN_REPLY) >= count)
        # Our servers ask by a PING whether the client has windows, and it is answered by its echo.
        ping = early.find(_PING)
        if ping >= 0:
            self.send(early[ping : ping + 12], read=False)
        self.stream, self._next, self.port = opening.write, opening.next, opening.port

    def next_id(self, count=1):
        """The first of so many ids of streams that have not been used."""
        first, self._next = self._next, self._next + 2 * count
        return first

    def open_streams(self, count, headers=((b"a", b"b"),), flags=0):
        """Creates streams, awaits their replies, and returns their ids."""
        first = self.next_id(count)
        ids = range(first, first + 2 * count, 2)
        block = frames.block(*headers)
        self.send(b"".join(frames.syn_stream(number, block, flags) for number in ids), read=False)
        answered = 0
        while answered < count:
            self._wait(read=True)
            answered += self._receive_some().count(_SYN_REPLY)
        return ids

    def flood_ids(self, make, count=4096):
        """Sends make(id) for each id that has not been used, without end."""
        while True:
            first = self.next_id(count)
            self.send(b"".join([make(number) for number in range(first, first + 2 * count, 2)]))


class Attacker:
    """What an attack is handed: how the target is reached."""

    def __init__(self, target, deadline, report):
        self.target, self.deadline, self.report = target, deadline, report

    def link(self, tls=True, source=None):
        """A new TCP connection; over TLS if the target has it, unless `tls` is false."""
        source = source or self._source()
        context = self.target.tls_client() if tls else None
        return Link(self.target.address, self.deadline, self.report, context, source)

    def session(self, **opening):
        """A new Session; `opening` changes what it begins with."""
        context = self.target.tls_client()
        made = self.target.opening(**opening)
        return Session(
            made, self.target.address, self.deadline, self.report, context, self._source()
        )

    def _source(self):
        return _SOURCE if self.target.address[0] == "127.0.0.1" else None

    def left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeIsOver
        return left


def run(attack, target, seconds):
    """An attacker's whole life; returns its Report. Whoever is thrown out comes back."""
    report = Report()
    attacker = Attacker(target, time.monotonic() + seconds, report)
    while time.monotonic() < attacker.deadline:
        try:
            attack.run(attacker)
        except Ended:
            time.sleep(0.001)
        except TimeIsOver:
            break
    return report
