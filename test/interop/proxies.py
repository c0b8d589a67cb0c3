"""Real proxies: tinyproxy, microsocks, and tinyproxy behind stunnel for CONNECT over TLS.

Each listens on a free port of 127.0.0.1, tells what it was asked for, and is stopped by its id.
"""

import os
import pathlib
import re
import shutil
import socket
import urllib.parse

import subprocess

import peers

# The state in /proc/net/tcp.
LISTEN = "0A"

USER, PASSWORD = "proxyuser", "proxypasswd"


def find(*names):
    """The first of these programs that is there. Daemons may be off the PATH of users."""
    for name in names:
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path:
            return path
    return None


TINYPROXY = find("tinyproxy")
MICROSOCKS = find("microsocks")
STUNNEL = find("stunnel4", "stunnel")


def free_port():
    """One that nobody listens on just now; another process may still come first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A proxy in a process of its own."""

    scheme = "http"
    # What must be there to run it.
    needs = ()
    # The line of its log that tells of a tunnel to HOST:PORT.
    tunnel = None

    def __init__(self, test, credentials=None):
        for program, name in self.needs:
            if not program:
                test.skipTest(f"{name} is not installed")
        self.credentials = credentials
        self.folder = test.folder()
        self._log = self.folder / "log"
        # A port may be taken between being found and being listened on.
        for _ in range(5):
            self.port = free_port()
            if self._start(test):
                return
        raise AssertionError(f"{type(self).__name__} does not start:\n{self.log()}")

    def command(self):
        raise NotImplementedError

    def _start(self, test):
        command = self.command()
        with open(self._log, "wb") as log:
            process = test.start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        peers.wait_until(
            lambda: self._listens(process.pid) or process.poll() is not None,
            f"{command[0]} to listen",
        )
        return process.poll() is None

    def _listens(self, pid):
        """Whether it is this process that listens on the port: another may have been faster."""
        rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        own = f"0100007F:{self.port:04X}"
        sockets = {f"socket:[{row[9]}]" for row in rows if row[1] == own and row[3] == LISTEN}
        try:
            return any(os.readlink(fd) in sockets for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            return False  # it has ended, or closed one meanwhile

    def url(self, credentials="own"):
        """With the credentials that it wants, unless others, or None, are given."""
        user, password = (self.credentials if credentials == "own" else credentials) or ("", "")
        login = ":".join(urllib.parse.quote(word, safe="") for word in (user, password))
        login = f"{login}@" if user else ""
        return f"{self.scheme}://{login}127.0.0.1:{self.port}"

    def log(self):
        return self._log.read_text(errors="replace")

    def tunnels(self, host, port):
        """How often a tunnel to this address was asked for, by exactly this name."""
        line = self.tunnel.format(host=re.escape(host), port=port)
        return len(re.findall(line, self.log(), re.M))


class Tinyproxy(Proxy):
    """CONNECT, with Basic authentication if there are credentials."""

    needs = ((TINYPROXY, "tinyproxy"),)
    tunnel = r"Request \(file descriptor \d+\): CONNECT {host}:{port} HTTP/1\.1"
    # Further lines of its configuration.
    settings = ()

    def command(self):
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "LogLevel Connect"]
        lines += ["Timeout 60", *self.settings]
        if self.credentials:
            lines.append("BasicAuth {} {}".format(*self.credentials))
        file = self.folder / "tinyproxy.conf"
        file.write_text("\n".join(lines) + "\n")
        return [TINYPROXY, "-d", "-c", str(file)]


class RefusingTinyproxy(Tinyproxy):
    """Answers CONNECT with 403: it allows no port but this."""

    settings = ("ConnectPort 1",)


class TlsProxy(Tinyproxy):
    """The same behind stunnel, whose certificate is `pair`."""

    scheme = "https"
    needs = (*Tinyproxy.needs, (STUNNEL, "stunnel4"))

    def __init__(self, test, pair, credentials=None):
        super().__init__(test, credentials)
        self.plain_port = self.port
        self._stunnel = Stunnel(test, pair, self.plain_port)
        self.port = self._stunnel.port


class Stunnel(Proxy):
    """Decrypts for a server on another port."""

    scheme = "https"
    needs = ((STUNNEL, "stunnel4"),)

    def __init__(self, test, pair, port):
        self._pair, self._behind = pair, port
        super().__init__(test)

    def command(self):
        file = self.folder / "stunnel.conf"
        file.write_text(
            "foreground = yes\npid =\nsyslog = no\n[tls]\n"
            f"accept = 127.0.0.1:{self.port}\nconnect = 127.0.0.1:{self._behind}\n"
            f"cert = {self._pair.certificate}\nkey = {self._pair.key}\n"
        )
        return [STUNNEL, str(file)]


class Microsocks(Proxy):
    """SOCKS5, with a user name and a password if there are credentials."""

    scheme = "socks5"
    needs = ((MICROSOCKS, "microsocks"),)
    tunnel = r"connected to {host}:{port}$"

    def command(self):
        login = ["-u", self.credentials[0], "-P", self.credentials[1]] if self.credentials else []
        return [MICROSOCKS, "-i", "127.0.0.1", "-p", str(self.port), *login]
