"""Recordings for what reads them: connections as packets of a capture, and a recording proxy."""

import ipaddress
import socket
import struct
import threading

from peers import DEADLINE

CLIENT, SERVER = 0, 1

# Link types, as they are numbered in files.
NULL, ETHERNET, RAW, LINUX_SLL, LINUX_SLL2, USB = 0, 1, 101, 113, 276, 189

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

_ETHER_TYPES = {4: 0x0800, 6: 0x86DD}
_FAMILIES = {4: 2, 6: 10}


def link_head(link, version):
    """What stands in front of an IP packet."""
    ether_type = _ETHER_TYPES[version]
    if link == ETHERNET:
        return bytes(12) + struct.pack(">H", ether_type)
    if link == LINUX_SLL:
        return bytes(14) + struct.pack(">H", ether_type)
    if link == LINUX_SLL2:
        return struct.pack(">H", ether_type) + bytes(18)
    if link == NULL:
        return struct.pack("<I", _FAMILIES[version])
    return b""


def ip_packet(source, destination, content):
    """Addresses as text; without a checksum, which no reader asks for."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(content), 0, 0x4000, 64, 6, 0)
    else:
        head = struct.pack(">IHBB", 6 << 28, len(content), 6, 64)
    return head + source.packed + destination.packed + content


class Capture:
    """A pcap file in the making. Packets are a millisecond apart."""

    def __init__(self, link=ETHERNET, order="<", nanoseconds=False):
        self.link = link
        self._order = order
        self._fraction = 1_000_000 if nanoseconds else 1000
        self._count = 0
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        self._data = bytearray(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link))

    @property
    def data(self):
        """The file so far."""
        return bytes(self._data)

    def add(self, packet, captured=None):
        """`captured`: how many bytes of it the file has, if not all."""
        seconds, milliseconds = divmod(self._count, 1000)
        self._count += 1
        self._data += struct.pack(
            self._order + "IIII",
            1_700_000_000 + seconds,
            milliseconds * self._fraction,
            len(packet) if captured is None else captured,
            len(packet),
        )
        self._data += packet[:captured]


class Connection:
    """One TCP connection in a capture. A side is CLIENT or SERVER; offsets count its bytes."""

    def __init__(
        self,
        capture,
        client=("10.0.0.1", 40000),
        server=("10.0.0.2", 8080),
        first=(1000, 0xFFFFFFF0),  # the server's sequence numbers wrap soon
        tag=b"",
    ):
        self.capture = capture
        self._endpoints = client, server
        self._first = first
        self._sent = [0, 0]
        self._tag = tag  # a VLAN's

    def packet(self, side, offset, flags, data=b""):
        (source, source_port), (destination, port) = self._endpoints[:: -1 if side else 1]
        sequence = self._first[side] + 1 + offset
        acknowledgement = self._first[1 - side] + 1 + self._sent[1 - side] if flags & ACK else 0
        tcp = struct.pack(
            ">HHIIBBHHH",
            source_port,
            port,
            sequence & 0xFFFFFFFF,
            acknowledgement & 0xFFFFFFFF,
            5 << 4,
            flags,
            65535,
            0,
            0,
        )
        head = link_head(self.capture.link, ipaddress.ip_address(source).version)
        if self._tag:
            head = head[:-2] + self._tag + head[-2:]
        return head + ip_packet(source, destination, tcp + data)

    def open(self):
        self.capture.add(self.packet(CLIENT, -1, SYN))
        self.capture.add(self.packet(SERVER, -1, SYN | ACK))
        self.capture.add(self.packet(CLIENT, 0, ACK))
        return self

    def segment(self, side, offset, data):
        """Bytes in any place, at any time, as often as you like."""
        self.capture.add(self.packet(side, offset, ACK | PSH, data))
        self._sent[side] = max(self._sent[side], offset + len(data))

    def send(self, side, data, size=1400):
        """The next bytes, in segments of at most `size`."""
        for at in range(0, len(data), size):
            self.segment(side, self._sent[side], data[at : at + size])
        return self

    def skip(self, side, count):
        """Bytes that are not captured."""
        self._sent[side] += count

    def close(self):
        for side in CLIENT, SERVER:
            self.capture.add(self.packet(side, self._sent[side], FIN | ACK))
        return self

    def reset(self, side=CLIENT):
        self.capture.add(self.packet(side, self._sent[side], RST))
        return self


class RecordingProxy:
    """Passes connections on to a server, one after another, and keeps what went through the last
    one, piece by piece."""

    def __init__(self, address):
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.pieces = []  # (side that sent it, bytes)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def target(self):
        return "http://{}:{}".format(*self._listener.getsockname())

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # there will be no more
            self.pieces = []
            with client, socket.create_connection(self._address, DEADLINE) as server:
                back = threading.Thread(target=self._pass_on, args=(SERVER, server, client))
                back.start()
                self._pass_on(CLIENT, client, server)
                back.join(DEADLINE)

    def _pass_on(self, side, source, target):
        try:
            while piece := source.recv(65536):
                self.pieces.append((side, piece))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # a side that closes abruptly; what it sent is kept

    def wait(self):
        """Waits until the last connection is over; then all of it is in `pieces`. For when the
        client is over."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes its thread, which a close does not
        self._thread.join(DEADLINE)
        if self._thread.is_alive():
            raise AssertionError("the connection through the proxy does not end")
        return self.pieces

    def close(self):
        self._listener.close()


def sent_by(side, pieces):
    return b"".join(piece for sender, piece in pieces if sender == side)


def without_heads(pieces):
    """The pieces without the HTTP head that each side begins with."""
    result, heads = [], {CLIENT: b"", SERVER: b""}
    for side, piece in pieces:
        head = heads[side]
        if not head.endswith(b"\r\n\r\n"):
            before, end, behind = (head + piece).partition(b"\r\n\r\n")
            heads[side], piece = before + end, behind
        if piece:
            result.append((side, piece))
    return result
