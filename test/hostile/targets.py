"""What is attacked: ours, and beside each, where there is one, the same made of Go's libraries."""

import functools
import os
import pathlib
import ssl
import tempfile
import time
import urllib.parse

import attacker
import certificates
import measure
import openings
import peers
from go_peer import build_peer

@functools.lru_cache(maxsize=None)
def _pki():
    """A server's certificate for the whole run. The folder goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="uvspdy-hostile-")
    pair = certificates.Authority(pathlib.Path(folder.name)).server()
    return folder, pair


def tls_words():
    pair = _pki()[1]
    return ["--tls-cert-file", str(pair.certificate), "--tls-private-key-file", str(pair.key)]


TOKEN = "known-to-the-good"


class Missing(Exception):
    """A peer that cannot be had here, and why."""


class Target:
    """A server that has been started. `kind` says what a session with it is:

    echo     SPDY from the first byte; every stream is echoed
    exec     `cat`, run by an exec
    guarded  the same of a server that lets in a bearer token alone
    attach   attached to the server's main process, `cat`
    forward  forwarded to a TCP server that echoes
    """

    def __init__(self, kind, whose="ours", tls=False):
        self.kind, self.whose, self.tls = kind, whose, tls
        self._folder = tempfile.TemporaryDirectory(prefix="uvspdy-hostile-")
        self._mark = f"UVSPDY_ATTACKED={os.getpid()}-{time.monotonic_ns()}"
        self._others = []
        if kind == "forward":
            self._echo_port = self._other([peers.program("UVSPDY_ECHO_TIMER"), "serve"]).address[1]
            self._good_port = self._other([peers.program("UVSPDY_ECHO_TIMER"), "serve"]).address[1]
        name, _, value = self._mark.partition("=")
        os.environ[name] = value
        try:
            self.server = self._start()
        finally:
            del os.environ[name]
        self.address, self.pid = self.server.address, self.server.process.pid

    def _start(self):
        folder = pathlib.Path(self._folder.name)
        return peers.Server(self._command(), folder)

    def _other(self, command):
        folder = pathlib.Path(self._folder.name) / f"other-{len(self._others)}"
        folder.mkdir()
        self._others.append(peers.Server(command, folder))
        return self._others[-1]

    def _command(self):
        tls = tls_words() if self.tls else []
        ours, go = self.whose == "ours", self.whose == "go"
        if self.kind == "echo":
            if ours:
                return [peers.program("UVSPDY_ECHO_PEER"), "serve", "--raw", *tls]
            return [go_peer(), "serve", "--library", "spdystream"]
        main = ["cat"] if self.kind == "attach" else []
        if go:
            return [go_peer(), "cri", *tls, *main]
        uvspdy = peers.program("UVSPDY_COMMAND")
        if self.kind == "guarded":
            tokens = pathlib.Path(self._folder.name) / "tokens"
            tokens.write_text(f"{TOKEN},jane,1\n")
            return [uvspdy, "serve", *tls, "--token-auth-file", str(tokens)]
        return [uvspdy, "serve", *tls, *(["-i", "--", *main] if main else [])]

    def tls_client(self):
        if not self.tls:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def opening(self, **options):
        """What a session of an attack begins with."""
        if self.kind == "echo":
            return openings.echo(**options)
        if self.kind == "forward":
            return openings.forward(options.pop("port", self._echo_port), **options)
        if self.kind == "guarded":
            return openings.command(token=TOKEN, **options)
        return openings.command(self.kind, **options)

    def good_opening(self):
        """What the good connection begins with. It shares the server with the attack, not what the
        server has behind it."""
        if self.kind == "forward":
            return openings.forward(self._good_port)
        if self.kind == "attach":
            return openings.command("exec")
        return self.opening()

    def log_size(self):
        folder = pathlib.Path(self._folder.name)
        return sum((folder / name).stat().st_size for name in ("stdout", "stderr"))

    def log(self):
        return self.server.log()

    def processes(self):
        """Those that the server has started and that still run."""
        return measure.marked(self._mark, besides=(self.pid,))

    def newcomer(self, seconds):
        """How long a new connection takes to be served, or None if it is not."""
        begin = time.monotonic()
        report = attacker.Report()
        try:
            made = self.good_opening()
            session = attacker.Session(
                made, self.address, begin + seconds, report, self.tls_client()
            )
            try:
                message = b"a newcomer's word"
                session.send(attacker.frames.data(made.write, message))
                session.receive_until(lambda data: message in data)
            finally:
                session.close()
        except (attacker.Ended, attacker.TimeIsOver):
            return None
        return time.monotonic() - begin

    def stop(self):
        """Ends the server; returns None, or what went wrong."""
        try:
            self.server.stop()
            return None
        except AssertionError as error:
            return str(error)
        finally:
            measure.kill_marked(self._mark)
            for other in self._others:
                peers.stop(other.process)
            self._folder.cleanup()


class Running(Target):
    """A server that somebody else has started: spdy://HOST:PORT echoes, http:// and https:// have
    the pod `uvspdy`. Of its process is known what `pid` shows, if it is of this machine."""

    def __init__(self, url, pid=None):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("spdy", "http", "https") or not parts.port:
            raise SystemExit(f"{url!r} is not spdy://, http:// or https://HOST:PORT")
        self.kind = "echo" if parts.scheme == "spdy" else "exec"
        self.whose, self.tls = url, parts.scheme == "https"
        self.address, self.pid = (parts.hostname, parts.port), pid

    def log_size(self):
        return 0

    def log(self):
        return ""

    def processes(self):
        return set()

    def stop(self):
        return None


def go_peer():
    peer, missing = build_peer()
    if missing:
        raise Missing(missing)
    return peer


# What stands beside ours in the table.
GO = {
    "echo": "Go: spdystream",
    "exec": "Go: cri-streaming exec",
    "attach": "Go: cri-streaming attach",
    "forward": "Go: cri-streaming portforward",
}
