"""A TCP proxy that cuts connections off, wherever a test wants it."""

import socket
import struct
import threading

from peers import DEADLINE


class CuttingProxy:
    """Passes on connections to a server, and cuts one off after so many bytes.

    All bytes count, both ways and over all connections. `cuts` connections are cut off like this,
    each when as many bytes have passed again; further ones live. With `for_good` none is let in any
    more behind the first cut.
    """

    def __init__(self, server, after, cuts=1, for_good=False):
        self._server = server
        self._after = after
        self._cuts = cuts
        self._for_good = for_good
        self._passed = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections = []
        self.connections = 0
        host, port = self._listener.getsockname()
        self.target = f"http://{host}:{port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed before
        self._listener.close()
        for pair in list(self._connections):
            self._cut(pair)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._for_good and self._cuts == 0:
                client.close()
                continue
            server = socket.create_connection(self._server, DEADLINE)
            server.settimeout(None)
            pair = (client, server)
            self._connections.append(pair)
            for source, target in (pair, pair[::-1]):
                threading.Thread(
                    target=self._relay, args=(source, target, pair), daemon=True
                ).start()

    def _relay(self, source, target, pair):
        try:
            while data := source.recv(65536):
                allowed, cut = self._count(len(data))
                target.sendall(data[:allowed])
                if cut:
                    return self._cut(pair)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            self._cut(pair)

    def _count(self, size):
        with self._lock:
            if self._cuts == 0 or self._passed + size <= self._after:
                self._passed += size
                return size, False
            allowed = self._after - self._passed
            self._passed = 0
            self._cuts -= 1
            return allowed, True

    def _cut(self, pair):
        for connection in pair:
            try:
                # To one it looks like an orderly end, to one with bytes on their way like a reset.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            except OSError:
                pass
