"""What is at both ends of a forwarded port: servers in threads of the test, each on a free port of
127.0.0.1, and clients of them."""

import functools
import hashlib
import http.server
import re
import socketserver
import subprocess
import threading
import urllib.request

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


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # Clients come in crowds.
    request_queue_size = 256


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


def download(port, size):
    with NO_PROXIES.open(f"http://127.0.0.1:{port}/{size}", timeout=DEADLINE) as response:
        return response.read()


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
