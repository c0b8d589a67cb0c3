"""Proxies of a few lines, within the test's process, for what no real proxy can be made to do."""

import base64
import socket
import threading

import spdy
from peers import DEADLINE


class ScriptedProxy:
    """Listens on a free port; a thread deals with each connection."""

    scheme = None

    def __init__(self, test):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connections = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()
        test.addCleanup(self.close)

    def url(self, login=""):
        return f"{self.scheme}://{login}127.0.0.1:{self.port}"

    def close(self):
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)  # wakes its thread, which a close does not
            except OSError:
                pass  # it is over already
            connection.close()

    def deal_with(self, client):
        raise NotImplementedError

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(DEADLINE)
            self._connections.append(client)
            threading.Thread(target=self._run, args=[client], daemon=True).start()

    def _run(self, client):
        try:
            self.deal_with(client)
        except (OSError, AssertionError):
            pass  # the other side has gone: what came of it is for the test to look at
        finally:
            end(client)

    def join(self, client, port):
        """Passes bytes both ways between the client and a port of 127.0.0.1."""
        server = spdy.connect(("127.0.0.1", port))
        self._connections.append(server)
        back = threading.Thread(target=pass_on, args=[server, client], daemon=True)
        back.start()
        pass_on(client, server)
        back.join()
        server.close()


def pass_on(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass  # one of them has gone
    end(target)


def end(connection):
    """Says that nothing more will come."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has gone


class AnyNameProxy(ScriptedProxy):
    """CONNECT. Whatever name it is asked for, it connects to that port of 127.0.0.1."""

    scheme = "http"

    def __init__(self, test):
        self.targets = []
        self.logins = []
        super().__init__(test)

    def deal_with(self, client):
        lines = spdy.receive_head(client).split("\r\n")
        self.targets.append(lines[0].split(" ")[1])
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() == "proxy-authorization":
                self.logins.append(base64.b64decode(value.removeprefix("Basic ")).decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.join(client, int(self.targets[-1].rpartition(":")[2]))


class Answering(ScriptedProxy):
    """Says the same to everybody once a request's head, or a first message, has come. As a server
    it does as well."""

    def __init__(self, test, answer, scheme="http"):
        self._answer = answer
        self.scheme = scheme
        super().__init__(test)

    def deal_with(self, client):
        if self.scheme == "http":
            spdy.receive_head(client)
        elif self._answer:
            client.recv(64)
        client.sendall(self._answer)


class RefusingSocks5Proxy(ScriptedProxy):
    """Takes clients without a password, and answers each request with this reply code."""

    scheme = "socks5"

    def __init__(self, test, reply):
        self._reply = reply
        super().__init__(test)

    def deal_with(self, client):
        spdy.receive(client, 2)
        client.recv(255)
        client.sendall(b"\x05\x00")
        client.recv(512)
        client.sendall(bytes([5, self._reply, 0, 1, 0, 0, 0, 0, 0, 0]))
