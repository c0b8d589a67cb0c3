"""A program of ours, or Go's beside it, against an attacker's server or files."""

import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

import frames
import kubeconfig
import measure
import peers
import spdy
from scripted_pod import POD
from scripted_proxy import ScriptedProxy

PATIENCE = 20.0  # seconds for a program that must end by itself
STOPPING = 5.0  # seconds for a program that has got SIGTERM
ERRORS = 64 * 1024  # bytes of stderr, at most
OUTPUT = 64 << 20  # bytes of stdout and stderr that are kept on disk; a program is stopped there
# What a terminal would obey, or show in another order than it is written.
UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def json_answer(body, code=200):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    b"X-Stream-Protocol-Version: %s\r\n\r\n"
)


SUCCESS = b'{"metadata":{},"status":"Success"}'


class HostileSession:
    """The server's end of an exec or a port-forward, whose streams have been accepted."""

    def __init__(self, client, target):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        types = ["error"] + [kind for kind in ("stdin", "stdout", "stderr") if kind in query]
        self.stream = {kind: 2 * index + 1 for index, kind in enumerate(types)}
        self._client, self._encoder = client, spdy.HeaderEncoder()
        if "/portforward" not in target:
            self.accept(len(types))

    def accept(self, count):
        """Answers so many SYN_STREAMs, and PINGs on the way."""
        while count:
            frame = spdy.receive_frame(self._client)
            if frame is None:
                raise OSError("the client has gone")
            if frame.kind == spdy.SYN_STREAM:
                stream = int.from_bytes(frame.body[:4], "big")
                self.send(self._encoder.syn_reply(stream, {}))
                count -= 1
            elif frame.kind == spdy.PING:
                self.send(frame.raw)

    def send(self, data):
        self._client.sendall(data)

    def flood(self, data):
        buffer = frames.repeated(data)
        while True:
            self.send(buffer)

    def finish(self, status):
        """Ends the outputs, with a status of these bytes."""
        for kind in ("stdout", "stderr"):
            if kind in self.stream:
                self.send(frames.data(self.stream[kind], b"", spdy.FLAG_FIN))
        self.send(frames.data(self.stream["error"], status, spdy.FLAG_FIN))
        self.drain()

    def drain(self):
        while self._client.recv(65536):
            pass


class HostileServer(ScriptedProxy):
    """An API server that answers as an attack wants it to."""

    scheme = "http"

    def __init__(self, victim, get=None, upgrade=None, session=None, connection=None):
        self._get = get or (lambda client: client.sendall(json_answer(POD)))
        self._session = session or (lambda session: session.finish(SUCCESS))
        self._upgrade, self._connection = upgrade, connection
        super().__init__(victim)

    def deal_with(self, client):
        if self._connection:
            return self._connection(client)
        method, target, _ = spdy.receive_head(client).split(" ", 2)
        # kubectl asks for a WebSocket first.
        if method == "GET" and "/exec?" not in target and "/portforward" not in target:
            return self._get(client)
        if method == "GET":
            return client.sendall(json_answer({}, 400))
        if self._upgrade:
            return self._upgrade(client)
        forward = b"/portforward" in target.encode()
        client.sendall(UPGRADED % (b"portforward.k8s.io" if forward else b"v4.channel.k8s.io"))
        return self._session(HostileSession(client, target))


class Missing(Exception):
    """A program that there is not here."""


class Victim:
    """What an attack on a program is handed: it makes servers or files, and the command."""

    def __init__(self, whose):
        self.whose = whose
        self._cleanups = contextlib.ExitStack()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="uvspdy-hostile-"))
        self.here = self.folder / "here"  # where a copy may write
        self.here.mkdir()
        self.outside = self.folder / "outside"  # where nothing may be touched
        self.outside.mkdir()
        (self.outside / "file").write_text("untouched")

    def addCleanup(self, function):
        self._cleanups.callback(function)

    def close(self):
        self._cleanups.close()
        # Python's own functions end where an attack has made folders a thousand deep.
        quiet = {"check": False, "stderr": subprocess.DEVNULL}
        subprocess.run(["chmod", "-R", "u+rwx", self.folder], **quiet)
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def file(self, content, name="file"):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def server(self, **scripts):
        return HostileServer(self, **scripts).url()

    def _words(self, command, url):
        if self.whose == "ours":
            return [peers.program("UVSPDY_COMMAND"), command, "-s", url]
        if not shutil.which("kubectl"):
            raise Missing("kubectl is not on the PATH")
        config = kubeconfig.write(self.folder / "kubeconfig", url)
        return ["kubectl", "--kubeconfig", str(config), f"--cache-dir={self.folder}/cache", command]

    def exec(self, url, *words):
        return [*self._words("exec", url), "web", "--", *(words or ("true",))]

    def port_forward(self, url):
        return [*self._words("port-forward", url), *(["web"]), ":80"]

    def cp(self, archive):
        """Copies from a pod whose tar prints this archive."""
        names = iter(archive if isinstance(archive, (list, tuple)) else [archive])

        def send(session):
            for piece in names:
                for at in range(0, len(piece), 1 << 20):
                    part = piece[at : at + (1 << 20)]
                    session.send(frames.data(session.stream["stdout"], part))
            session.finish(SUCCESS)

        return self.cp_session(send)

    def cp_session(self, session):
        url = self.server(session=session)
        return [*self._words("cp", url), "web:x", str(self.here / "copy")]

    def dump(self, *words):
        return [peers.program("UVSPDY_COMMAND"), "dump", *words]

    def with_kubeconfig(self, content, *words):
        return [
            peers.program("UVSPDY_COMMAND"), "exec", *words,
            "--kubeconfig", self.file(content, "kubeconfig"), "web", "--", "true",
        ]  # fmt: skip


@dataclasses.dataclass
class Outcome:
    seconds: float = 0.0
    code: int = None  # of its own end, or of the one by SIGTERM
    ended: bool = False  # by itself
    stopped: bool = True  # by SIGTERM, if it had to be
    growth: int = 0  # of the peak memory, beside a client whose server says nothing
    cpu: float = 0.0
    output: int = 0
    errors: int = 0
    last_line: str = ""
    unclean: str = ""  # what a terminal would obey in it
    touched: list = dataclasses.field(default_factory=list)  # outside of where it may write
    left: list = dataclasses.field(default_factory=list)  # staging folders
    processes: int = 0


@functools.lru_cache(maxsize=None)
def usual_memory(whose):
    """The peak of a client whose server never answers."""
    victim = Victim(whose)
    try:
        command = victim.exec(victim.server(get=lambda client: client.recv(1) or time.sleep(1)))
        return _run(victim, command, 1.0, False)[1]
    finally:
        victim.close()


def run(attack, whose, seconds):
    victim = Victim(whose)
    try:
        command = attack.run(victim)
        usual = usual_memory(whose)
        outcome, peak = _run(victim, command, PATIENCE if attack.ends else seconds, attack.ends)
        outcome.growth = max(0, peak - usual)
        return outcome
    finally:
        victim.close()


def _run(victim, command, seconds, ends):
    mark = f"UVSPDY_ATTACKED={os.getpid()}-{time.monotonic_ns()}"
    name, _, value = mark.partition("=")
    environment = {"PATH": os.environ["PATH"], "HOME": str(victim.folder), name: value}
    environment.update({n: v for n, v in os.environ.items() if n.endswith("SAN_OPTIONS")})
    outcome, peak, begun = Outcome(), 0, time.monotonic()
    out, err = victim.folder / "stdout", victim.folder / "stderr"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        process = peers.start(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                              env=environment, cwd=victim.here)  # fmt: skip
    watched = measure.Process(process.pid)
    while process.poll() is None and time.monotonic() - begun < seconds:
        try:
            peak = max(peak, watched.peak_memory())
            outcome.cpu = watched.cpu_seconds()
        except OSError:
            pass  # it has ended meanwhile
        if out.stat().st_size + err.stat().st_size > OUTPUT:
            break
        time.sleep(0.005)
    outcome.seconds = time.monotonic() - begun
    outcome.cpu /= outcome.seconds
    outcome.ended = process.poll() is not None
    if not outcome.ended:
        process.send_signal(signal.SIGTERM)
        outcome.stopped = measure.wait_for(lambda: process.poll() is not None, STOPPING)
        if not outcome.stopped:
            process.kill()
    outcome.code = process.wait()
    peers.stop(process)
    measure.wait_for(lambda: not measure.marked(mark), 1.0)
    outcome.processes = len(measure.marked(mark))
    measure.kill_marked(mark)
    _look_at(victim, outcome, out, err)
    return outcome, peak


def _look_at(victim, outcome, out, err):
    outcome.output, outcome.errors = out.stat().st_size, err.stat().st_size
    with open(err, "rb") as file:
        text = file.read(1 << 20).decode(errors="replace")
    outcome.last_line = (text.splitlines() or [""])[-1][:200]
    found = UNCLEAN.search(text)
    outcome.unclean = ascii(found.group()) if found else ""
    known = {"here", "outside", "stdout", "stderr", "file", "kubeconfig", "cache", ".kube"}
    outcome.touched = [
        name for name in os.listdir(victim.folder) if name not in known and "cred" not in name
    ]
    if os.listdir(victim.outside) != ["file"] or (
        (victim.outside / "file").read_text() != "untouched"
    ):
        outcome.touched.append("outside")
    outcome.left = [name for name in os.listdir(victim.here) if name.startswith(".uvspdy")]
