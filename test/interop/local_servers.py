"""What is at both ends of a forwarded port: servers in threads of the test, each on a free port of
127.0.0.1, and clients of them."""

import functools
import hashlib
import http.server
import re
import socket
import socketserver
import subprocess
import threading
import urllib.request

import spdy
from exec_cases import random_bytes
from peers import DEADLINE

NO_PROXIES = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@functools.lru_cache(maxsize=64)
def content(size):
    return random_bytes(size)


class Downloads(http.server.BaseHTTPRequestHandler):
    """/N is N bytes, the same ones each time."""

    def do_GET(self):
        data = content(int(self.path[1:]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except ConnectionError:
            pass  # whoever asked has had enough

    def log_message(self, *_args):
        pass


class Digests(socketserver.StreamRequestHandler):
    """Reads up to the end, and answers with the digest."""

    def handle(self):
        self.wfile.write(hashlib.sha256(self.rfile.read()).hexdigest().encode())


class Echo(socketserver.StreamRequestHandler):
    """Reads up to the end, and only then sends everything back: both half-closes must come
    through."""

    def handle(self):
        self.wfile.write(self.rfile.read())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # Clients come in crowds.
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # clients that break off are what it is for


def _serve(test, handler):
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    test.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
    return server.server_address[1]


def serve_downloads(test):
    return _serve(test, Downloads)


def serve_digests(test):
    return _serve(test, Digests)


def serve_echo(test):
    return _serve(test, Echo)


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def download(port, size):
    with NO_PROXIES.open(f"http://127.0.0.1:{port}/{size}", timeout=DEADLINE) as response:
        return response.read()


def abort_download(port, size, read, reset):
    """Begins a download, reads so many bytes of it, and breaks off."""
    connection = spdy.connect(("127.0.0.1", port))
    connection.sendall(f"GET /{size} HTTP/1.0\r\n\r\n".encode())
    if len(spdy.receive(connection, read)) != read:
        raise AssertionError("the download ended before it was aborted")
    if reset:
        spdy.disconnect_abruptly(connection)
    else:
        connection.close()


def echo(port, data, host="127.0.0.1"):
    """Sends bytes to what serve_echo serves behind `port`, ends, and returns what comes back."""
    with socket.create_connection((host, port), DEADLINE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return spdy.receive_all(connection)


def forward(test, client, port):
    """A client's port-forward (kube_clients) to this port: the process, and the local port."""
    forwarder = test.start(
        client.port_forward(f":{port}"),
        env=client.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seen = b""
    for line in iter(forwarder.stdout.readline, b""):
        seen += line
        match = re.match(rb"Forwarding from 127\.0\.0\.1:(\d+) -> %d\n" % port, line)
        if match:
            # It says more with each connection; nobody may stop it by leaving that unread.
            drain = threading.Thread(target=lambda: [None for _ in forwarder.stdout])
            drain.start()
            test.addCleanup(lambda: (forwarder.terminate(), drain.join()))
            return forwarder, int(match[1])
    raise AssertionError(f"port-forward ended: {seen!r}")
