"""An API server of a few lines with one pod, within the test's process, that does as it is told."""

import json
import select
import threading
import urllib.parse

import spdy
from peers import DEADLINE, wait_until
from scripted_proxy import ScriptedProxy

POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"containers": [{"name": "main"}]},
    "status": {"phase": "Running"},
}


def pod_with(containers=("main",), tty=False, init=(), ephemeral=(), default=None, phase="Running"):
    """A Pod with these containers; `default` is what its annotation names."""
    annotations = {"kubectl.kubernetes.io/default-container": default} if default else {}
    return {
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "default", "annotations": annotations},
        "spec": {
            "containers": [{"name": name, "tty": tty} for name in containers],
            "initContainers": [{"name": name} for name in init],
            "ephemeralContainers": [{"name": name} for name in ephemeral],
        },
        "status": {"phase": phase},
    }


def status(code, reason, message):
    """A refusal: an HTTP status and its body."""
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return code, {**body, "message": message}


class Session:
    """The server's end of one exec or attach. It has no flow control."""

    def __init__(self, connection, target, types):
        self.query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        self._connection = connection
        self._types = {2 * index + 1: kind for index, kind in enumerate(types)}
        self._encoder = spdy.HeaderEncoder()
        self._cut = None  # "in order" or "by reset", once it is to end
        self.received = {kind: b"" for kind in types}
        self.ended = set()  # the streams that the client has ended
        self.over = False  # the connection is
        self.reading = threading.Event()  # cleared, nothing is read any more
        self.reading.set()
        self.at_last_stream = None  # what had come when the last stream was created

    def run(self):
        while self._wait() and (frame := spdy.receive_frame(self._connection)):
            if frame.kind == spdy.SYN_STREAM:
                stream_id = int.from_bytes(frame.body[:4], "big")
                if stream_id == max(self._types):
                    self.at_last_stream = dict(self.received)
                self._connection.sendall(self._encoder.syn_reply(stream_id, {}))
            elif frame.kind == spdy.PING:
                self._connection.sendall(frame.raw)
            elif frame.kind == spdy.GOAWAY:
                break
            elif frame.kind is None:
                self.received[self._types[frame.stream_id]] += frame.body
                if frame.flags & spdy.FLAG_FIN:
                    self.ended.add(self._types[frame.stream_id])
        if self._cut == "by reset":
            spdy.disconnect_abruptly(self._connection)
        self.over = True

    def _wait(self):
        """Whether there is something to read; never inside of a read, which would keep a socket
        from being closed."""
        while self._cut is None:
            if self.reading.is_set() and select.select([self._connection], [], [], 0.02)[0]:
                return True
            self.reading.wait(0.02)
        return False

    def wait_for_start(self):
        wait_until(lambda: self.at_last_stream is not None, "the last stream")
        return self

    def wait_for(self, kind, data):
        try:
            wait_until(lambda: data in self.received[kind], f"{data!r} on {kind}")
        except AssertionError as error:
            raise AssertionError(f"{error}; there was {self.received[kind]!r}") from None

    def send(self, kind, data, fin=False):
        stream_id = next(i for i, each in self._types.items() if each == kind)
        self._connection.sendall(spdy.data_frame(stream_id, data, spdy.FLAG_FIN if fin else 0))

    def finish(self, code=0, message=None):
        """Ends the outputs, then tells the exit code, or a failure without one, with a message."""
        outcome = {"status": "Failure" if code or message else "Success"}
        if message:
            outcome["message"] = message
        if code:
            cause = {"reason": "ExitCode", "message": str(code)}
            outcome |= {"reason": "NonZeroExitCode", "details": {"causes": [cause]}}
        for kind in ("stdout", "stderr"):
            if kind in self.received:
                self.send(kind, b"", fin=True)
        self.send("error", json.dumps(outcome).encode(), fin=True)

    def cut(self, reset=False):
        """Ends the connection without a word."""
        self._cut = "by reset" if reset else "in order"
        wait_until(lambda: self.over, "the connection's end")


class ScriptedPod(ScriptedProxy):
    scheme = "http"

    def __init__(self, test, pod=None):
        self.pod = 200, pod or POD  # the answer to GET; None: there is none
        self.refusal = None  # the answer to an upgrade
        self.outcome = None  # how each command finishes by itself, as arguments of Session.finish
        self.script = None  # called in a thread with each Session whose streams are there
        self.protocol = "v4.channel.k8s.io"
        self.requests = []  # "METHOD TARGET"
        self.heads = []  # each with its headers
        self._sessions = []
        self._started = threading.Event()
        super().__init__(test)

    @property
    def session(self):
        """The first session, all of whose streams are there."""
        assert self._started.wait(DEADLINE), f"there was no upgrade, but {self.requests}"
        return self._sessions[0].wait_for_start()

    def answer(self, target):
        """The answer to a GET."""
        return self.pod

    def deal_with(self, client):
        head = spdy.receive_head(client)
        self.heads.append(head)
        method, target, _ = head.split(" ", 2)
        self.requests.append(f"{method} {target}")
        upgrade = method == "POST"
        refusal = self.refusal if upgrade else self.answer(target)
        if refusal is None and not upgrade:
            spdy.receive_all(client)  # silence
        elif refusal is not None:
            body = json.dumps(refusal[1]).encode()
            head = f"HTTP/1.1 {refusal[0]} X\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
        else:
            self._upgrade(client, target)

    def _upgrade(self, client, target):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        tty = "tty" in query
        # The order in which our client creates them.
        types = ["resize"] if tty and self.protocol[:2] in ("v3", "v4") else []
        types += ["error"] + [kind for kind in ("stdin", "stdout") if kind in query]
        types += ["stderr"] if "stderr" in query and not tty else []
        client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            b"X-Stream-Protocol-Version: " + self.protocol.encode() + b"\r\n\r\n"
        )
        session = Session(client, target, types)
        self._sessions.append(session)
        self._started.set()
        script = self.script
        if self.outcome is not None:
            script = lambda started: started.finish(**self.outcome)  # noqa: E731
        if script is not None:
            threading.Thread(
                target=lambda: script(session.wait_for_start()), daemon=True
            ).start()
        try:
            session.run()
        finally:
            session.over = True
