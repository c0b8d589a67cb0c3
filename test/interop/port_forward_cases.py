"""Programs that a port-forward leads to, and what any client of one must get through it."""

import concurrent.futures
import hashlib
import http.client
import http.server
import random
import socket
import struct
import threading

from peers import DEADLINE, wait_until


def body(size):
    """The same bytes each time, of which no two near pieces look alike."""
    return random.Random(size).getrandbits(8 * size).to_bytes(size, "little")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        data = self.server.bodies[int(self.path.strip("/"))]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class WebServer:
    """An HTTP server on a free port of 127.0.0.1 that has a file /SIZE for each of the sizes."""

    def __init__(self, *sizes):
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            bodies = {size: body(size) for size in sizes}

            def handle_error(self, *_):
                pass  # clients that abort are what it is for

        self._server = Server(("127.0.0.1", 0), _Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class EchoServer:
    """Reads to the end and only then sends everything back: both half-closes must come through."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    @staticmethod
    def _serve(connection):
        with connection:
            data = b""
            while piece := connection.recv(65536):
                data += piece
            connection.sendall(data)

    def close(self):
        # Only this wakes the accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def download(port, size, host="127.0.0.1"):
    """The SHA-256 of a file that a WebServer has behind `port`."""
    connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
    try:
        connection.request("GET", f"/{size}")
        response = connection.getresponse()
        digest = hashlib.sha256()
        while piece := response.read(65536):
            digest.update(piece)
        return digest.hexdigest()
    finally:
        connection.close()


def abort_download(port, size, read):
    """Begins a download, reads at least so many bytes of it, and breaks the connection."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        connection.sendall(f"GET /{size} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while read > 0:
            piece = connection.recv(min(read, 65536))
            if not piece:
                raise AssertionError("the download ended before it was aborted")
            read -= len(piece)
        # Closing sends a TCP reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echo(port, data, host="127.0.0.1"):
    """Sends bytes to an EchoServer behind `port`, ends, and returns what comes back."""
    with socket.create_connection((host, port), DEADLINE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


class PortForwardCases:
    """A mixin: a test case adds `forward`."""

    # Where others' clients cannot do it.
    aborts = 100

    def forward(self, *ports):
        """Starts the client; it has an attribute `local`, the local port of each remote one."""
        raise NotImplementedError

    def web_server(self, *sizes):
        server = WebServer(*sizes)
        self.addCleanup(server.close)
        return server

    def echo_server(self):
        server = EchoServer()
        self.addCleanup(server.close)
        return server

    def test_50_downloads_at_once(self):
        size = 1 << 20
        web = self.web_server(size)
        client = self.forward(f":{web.port}")
        expected = hashlib.sha256(body(size)).hexdigest()
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            digests = list(pool.map(lambda _: download(client.local[web.port], size), range(50)))
        self.assertEqual(digests, [expected] * 50)

    def test_aborted_downloads_disturb_no_others(self):
        size = 4 << 20
        web = self.web_server(size)
        client = self.forward(f":{web.port}")
        expected = hashlib.sha256(body(size)).hexdigest()
        done = threading.Event()

        def download_until_done():
            digests = [download(client.local[web.port], size)]
            while not done.is_set():
                digests.append(download(client.local[web.port], size))
            return digests

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            others = [pool.submit(download_until_done) for _ in range(10)]
            try:
                for i in range(self.aborts):
                    abort_download(client.local[web.port], size, read=1 + i * 1000)
            finally:
                done.set()
            for other in others:
                digests = other.result(DEADLINE)
                self.assertEqual(set(digests), {expected})
        self.assertEqual(download(client.local[web.port], size), expected)
