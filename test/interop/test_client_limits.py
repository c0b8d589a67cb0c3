"""What a hostile or silent API server costs a client: memory, text on stderr, time."""

import json
import os
import re
import signal
import subprocess
import threading
import time

import spdy
from peers import DEADLINE, PeerTestCase, most_memory, peak_memory, program, run, wait_until
from scripted_pod import POD, ScriptedPod, pod_with, status
from scripted_proxy import ScriptedProxy

UVSPDY = program("UVSPDY_COMMAND")

# More than the answer itself, which is held in one piece while it arrives and is read.
MOST_GROWTH = 16 << 20
# A number is in one piece, too, in several copies of the JSON library's.
MOST_GROWTH_BY_A_NUMBER = 40 << 20
LONGEST_LINE = 4096 + 1
# What a server does before it stops must be done within it, on a machine that may be busy.
TIMEOUT_MS = 3000


def repeated(text, size):
    return (text * (size // len(text) + 1))[: size - size % len(text)]


def hostile_pods():
    """Bodies of 3.9 MB that a client takes for a pod, or nearly."""
    size = 3_900_000

    def pod(**members):
        return json.dumps({**POD, **members}, separators=(",", ":"))

    def with_member(value):
        return pod(x=0).replace('"x":0', f'"x":{value}')

    return {
        "empty containers": pod().replace('[{"name":"main"}]', "[" + repeated("{},", size) + "{}]"),
        "empty arrays": with_member("[" + repeated("[],", size) + "[]]"),
        "numbers": with_member("[" + repeated("1,", size) + "1]"),
        "members": with_member("{" + repeated('"":1,', size) + '"":1}'),
        "annotations": pod(
            metadata={"name": "web", "annotations": {f"{i:x}": "" for i in range(300_000)}}
        ),
        "nested arrays": with_member("[" * (size // 2) + "]" * (size // 2)),
        "nested objects": with_member('{"":' * (size // 5) + "1" + "}" * (size // 5)),
        "one long name": pod(spec={"containers": [{"name": "a" * size}]}),
        "one long number": with_member("1" * size),
    }


class RawServer(ScriptedProxy):
    """Gives this body to a GET; what a POST gets is for `upgrade` to say."""

    scheme = "http"

    def __init__(self, test, body=None, upgrade=None):
        self.body = body or json.dumps(POD).encode()
        self.upgrade = upgrade
        super().__init__(test)

    def deal_with(self, client):
        head = spdy.receive_head(client)
        if head.startswith("GET "):
            self.answer(client, 200, self.body)
        else:
            self.upgrade(client, head)

    @staticmethod
    def answer(client, code, body):
        client.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (code, len(body)) + body)


class Memory(PeerTestCase):
    def peak_with(self, body):
        """The client's peak when the pod has been read: its next request waits until then."""
        asked, measured = threading.Event(), threading.Event()

        def upgrade(client, _):
            asked.set()
            measured.wait(DEADLINE)
            RawServer.answer(client, 403, json.dumps(status(403, "Forbidden", "no")[1]).encode())

        server = RawServer(self, body, upgrade)
        client = self.start(
            [UVSPDY, "exec", "-s", server.url(), "-c", "main", "web", "--", "true"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        while not asked.wait(0.01):
            # An answer that is no pod at all may also end it: then it asks for nothing more.
            self.assertIsNone(client.poll(), client.stderr.read() if client.poll() else "")
        peak = peak_memory(client)
        measured.set()
        _, error = client.communicate(timeout=DEADLINE)
        self.assertLess(len(error), 2 * LONGEST_LINE)
        return peak

    def test_a_pod_of_3_9_MB_costs_its_bytes(self):
        small = self.peak_with(json.dumps(POD).encode())
        for name, body in hostile_pods().items():
            with self.subTest(name):
                growth = self.peak_with(body.encode()) - small
                print(f"{name}: {growth} bytes")
                most = MOST_GROWTH_BY_A_NUMBER if name == "one long number" else MOST_GROWTH
                self.assertLess(growth, most_memory(most))

    def test_a_refusal_of_3_9_MB_costs_its_bytes(self):
        """A Status of that size is none; the first line of the answer stands for it."""
        causes = repeated('{"reason":"ExitCode"},', 3_900_000) + "{}"
        body = f'{{"kind":"Status","status":"Failure","details":{{"causes":[{causes}]}}}}'
        server = ScriptedProxyWithRefusal(self, body.encode())
        result = run([UVSPDY, "exec", "-s", server.url(), "web", "--", "true"])
        self.assert_exit(result, 1)
        self.assertLess(len(result.stderr), LONGEST_LINE)
        self.assertLess(server.peak - server.first_peak, most_memory(MOST_GROWTH))


class ScriptedProxyWithRefusal(RawServer):
    """Refuses the pod with this body; the client's peak is taken before and after."""

    def __init__(self, test, body):
        self.peak = self.first_peak = 0
        super().__init__(test, body, lambda client, _: self.answer(client, 403, b"{}"))

    def deal_with(self, client):
        head = spdy.receive_head(client)
        if head.startswith("GET "):
            self.first_peak = self.peak_of(client)
            self.answer(client, 403, self.body)
        else:
            self.peak = self.peak_of(client)
            self.answer(client, 403, b"{}")

    @staticmethod
    def peak_of(client):
        """Of the process at the other end of a connection."""
        port = client.getpeername()[1]
        text = subprocess.run(
            ["ss", "-tnpH", "sport", "=", f":{port}"], stdout=subprocess.PIPE, check=True
        ).stdout.decode()
        pid = re.search(r"pid=(\d+)", text).group(1)
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB$", file.read(), re.M).group(1)) * 1024


# A client for each command that asks a server.
WORDS = {
    "exec": ["web", "--", "true"],
    "attach": ["web"],
    "cp": ["web:file", "."],
    "port-forward": ["web", ":80"],
}


def write_kubeconfig(path, user):
    config = {
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(config))


# A text that shows itself as another: its end first, and something that is not seen.
TURNED = "web\u202egnp.exe\u2066\u200b\ufeff\U000e0041\u2028\x85"
UNSEEN = re.compile("[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")


class Text(PeerTestCase):
    def setUp(self):
        self.server = ScriptedPod(self)

    def command(self, verb="exec"):
        return [UVSPDY, verb, "-s", self.server.url(), *WORDS[verb]]

    def check_lines(self, result):
        self.assert_exit(result, 1)
        self.assertNotEqual(result.stderr, b"")
        for line in result.stderr.decode().splitlines():
            self.assertLess(len(line.encode()), LONGEST_LINE)
            self.assertNotRegex(line, UNSEEN)

    def test_names_of_containers(self):
        self.server.refusal = status(403, "Forbidden", "no")
        for names in (["one", TURNED], ["a" * 789_000, "b"], [f"c{i}" for i in range(100_000)]):
            self.server.pod = 200, pod_with(names)
            for verb in ("exec", "attach"):
                with self.subTest(verb=verb, name=names[0][:10]):
                    self.check_lines(run(self.command(verb)))
        self.server.pod = 200, pod_with(["one", TURNED])
        said = run(self.command()).stderr.decode()
        self.assertIn("out of: one, web<U+202E>gnp.exe<U+2066><U+200B><U+FEFF><U+E0041>", said)

    def test_messages(self):
        for text in (TURNED, "x" * 60_000):
            refusal = status(404, "NotFound", text)
            for verb in ("exec", "attach", "cp", "port-forward"):
                for at in ("pod", "refusal"):
                    with self.subTest(verb=verb, at=at, text=text[:5]):
                        self.server.pod, self.server.refusal = (200, pod_with()), refusal
                        if at == "pod":
                            self.server.pod = refusal
                        self.check_lines(run(self.command(verb)))

    def test_the_end_of_a_command(self):
        for text in (TURNED, "x" * 60_000):
            with self.subTest(text=text[:5]):
                self.server.outcome = {"message": text}
                self.check_lines(run(self.command()))

    def test_what_the_command_itself_writes_stays_as_it_is(self):
        """As with kubectl: it is data."""
        client = self.start(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        session = self.server.session
        data = TURNED.encode() + b"\x1b[2J\xff"
        session.send("stdout", data)
        session.send("stderr", data)
        session.finish()
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((output, error), (data, data))


class Silent(PeerTestCase):
    """A server that stops at one step: the client gives up in the time that it was given, and says
    where."""

    def give_up(self, pattern, urls):
        """Beside one another, because each waits: a client for each verb and URL."""
        start = time.monotonic()
        clients = [(verb, self.client(verb, url)) for verb, url in urls]
        for verb, client in clients:
            with self.subTest(verb=verb):
                output, error = client.communicate(timeout=DEADLINE)
                self.assertEqual((client.returncode, output), (1, b""), error)
                self.assert_one_line(error, pattern)
        self.assertGreater(time.monotonic() - start, 0.9 * TIMEOUT_MS / 1000)

    def client(self, verb, url):
        limit = f"--request-timeout={TIMEOUT_MS}ms"
        return self.start(
            [UVSPDY, verb, "-s", url, limit, *WORDS[verb]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def stops(self, deal_with, pattern, verbs=("exec", "attach", "cp"), scheme="http"):
        class Stops(ScriptedProxy):
            def deal_with(self, client):
                deal_with(client)
                while client.recv(65536):
                    pass

        server = Stops(self)
        server.scheme = scheme
        self.give_up(pattern, [(verb, server.url()) for verb in verbs])

    ALL = ("exec", "attach", "cp", "port-forward")
    NO_ANSWER = r"no answer from http://\S+ within \d+ ms"

    def test_before_the_answer(self):
        self.stops(lambda _: None, self.NO_ANSWER, self.ALL)

    def test_in_the_tls_handshake(self):
        server_hello = b"\x16\x03\x03\x00\x7a\x02"
        pattern = r"no TLS handshake with 127\.0\.0\.1 \S+ within \d+ ms"
        self.stops(lambda client: client.sendall(server_hello), pattern, self.ALL, "https")

    def test_inside_the_head(self):
        head = b"HTTP/1.1 200 OK\r\nX: "
        self.stops(lambda client: client.sendall(head), self.NO_ANSWER, self.ALL)

    def test_inside_the_body(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        pattern = r"not all of the answer from http://\S+ within \d+ ms"
        self.stops(lambda client: client.sendall(head), pattern)

    def test_a_head_that_drips(self):
        def drip(client):
            client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                client.sendall(b"x")
                time.sleep(0.05)

        self.stops(drip, self.NO_ANSWER, self.ALL)

    def test_chunks_that_drip(self):
        def drip(client):
            client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                client.sendall(b"1\r\n \r\n")
                time.sleep(0.05)

        self.stops(drip, "not all of the answer from ")

    def test_interim_answers_that_drip(self):
        def drip(client):
            while True:
                client.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
                time.sleep(0.2)

        self.stops(drip, self.NO_ANSWER, self.ALL)

    def upgrade(self, wait):
        """Answers the pod, and leaves the upgrade to `wait`."""
        return RawServer(self, upgrade=wait).url()

    def test_in_the_upgrade(self):
        def silent(client, _):
            while client.recv(65536):
                pass

        self.give_up(self.NO_ANSWER, [(verb, self.upgrade(silent)) for verb in self.ALL])

    @staticmethod
    def switch(client, head, replies):
        """Upgrades, answers PINGs and so many SYN_STREAMs, and then nothing."""
        protocol = b"portforward.k8s.io" if "/portforward" in head else b"v4.channel.k8s.io"
        client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            b"X-Stream-Protocol-Version: " + protocol + b"\r\n\r\n"
        )
        encoder = spdy.HeaderEncoder()
        while frame := spdy.receive_frame(client):
            if frame.kind == spdy.PING:
                client.sendall(frame.raw)
            if frame.kind == spdy.SYN_STREAM and replies > 0:
                replies -= 1
                stream_id = int.from_bytes(frame.body[:4], "big")
                client.sendall(encoder.syn_reply(stream_id, {}))

    def test_before_the_streams(self):
        for replies in (0, 1):
            url = self.upgrade(lambda *of: self.switch(*of, replies))  # noqa: B023
            pattern = f"no SYN_REPLY for stream {2 * replies + 1} within {TIMEOUT_MS} ms"
            self.give_up(pattern, [(verb, url) for verb in ("exec", "attach", "cp")])

    def start_port_forward(self, replies):
        url = self.upgrade(lambda *of: self.switch(*of, replies))
        client = self.client("port-forward", url)
        port = int(re.search(rb":(\d+) ->", client.stdout.readline()).group(1))
        return client, spdy.connect(("127.0.0.1", port))

    def test_before_a_forwarded_connection(self):
        client, local = self.start_port_forward(replies=0)
        with local, self.assertRaises(ConnectionResetError):
            local.recv(1)
        client.terminate()
        _, error = client.communicate(timeout=DEADLINE)
        pattern = f"no SYN_REPLY for stream 1 within {TIMEOUT_MS} ms"
        self.assertRegex(error.decode(), f"an error occurred forwarding .*{pattern}")

    def test_a_target_that_never_answers_is_waited_for(self):
        """As by TCP itself, and by kubectl."""
        client, local = self.start_port_forward(replies=2)
        with local:
            local.settimeout(1.5 * TIMEOUT_MS / 1000)
            with self.assertRaises(TimeoutError):
                local.recv(1)
        self.assertIsNone(client.poll())

    def test_a_command_that_runs_is_waited_for(self):
        """--request-timeout is for requests, as with kubectl."""
        server = ScriptedPod(self)
        client = self.client("exec", server.url())
        session = server.session
        time.sleep(1.5 * TIMEOUT_MS / 1000)
        self.assertIsNone(client.poll())
        session.finish(3)
        client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 3)


class Plugin(PeerTestCase):
    """A credential plugin that never ends, and a signal for the command that waits for it."""

    def start_client(self, verb, script):
        folder = self.folder()
        plugin, started = folder / "plugin", folder / "started"
        # One process in all: a child that nobody has waited for would be in the group, too.
        plugin.write_text(f"#!/bin/sh\n{script}\necho $$ >{started}\nexec sleep 1000\n")
        plugin.chmod(0o700)
        config = folder / "kubeconfig"
        user = {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(plugin),
                "interactiveMode": "Never",
            }
        }
        write_kubeconfig(config, user)
        client = self.start(
            [UVSPDY, verb, "--kubeconfig", str(config), *WORDS[verb]],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: started.exists() and started.read_text(), "the plugin to start")
        return client, int(started.read_text())

    def check_ends(self, verb, script, number):
        client, group = self.start_client(verb, script)
        client.send_signal(number)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(error, b"")
        if verb != "port-forward":  # which ends in order, with 0
            self.assertEqual(client.returncode, -number)
        with self.assertRaises(ProcessLookupError):
            os.killpg(group, 0)

    def test_it_ends_before_the_command(self):
        for verb in WORDS:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                with self.subTest(verb=verb, signal=number):
                    self.check_ends(verb, "", number)

    def test_one_that_ignores_sigterm_is_killed(self):
        for verb in WORDS:
            with self.subTest(verb=verb):
                self.check_ends(verb, "trap '' TERM", signal.SIGTERM)

    def test_a_second_signal_ends_the_command_at_once(self):
        client, group = self.start_client("exec", "trap '' TERM")
        self.addCleanup(os.killpg, group, signal.SIGKILL)
        client.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        client.send_signal(signal.SIGTERM)
        client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, -signal.SIGTERM)


class RequestTimeout(PeerTestCase):
    def test_its_forms_are_kubectls(self):
        server = ScriptedPod(self)
        server.outcome = {}
        for timeout in ("", "0", "0s", "30", "30s", "1m30s", "2h", "500000ms", "1.5h"):
            with self.subTest(timeout=timeout):
                command = [UVSPDY, "exec", "-s", server.url(), "--request-timeout", timeout]
                self.assert_exit(run([*command, "web", "--", "true"]), 0)
        for timeout in ("x", "-1", "-1s", "1x", "s", "1s2", "1e3", "1 s", "nan", "99999999h"):
            with self.subTest(timeout=timeout):
                command = [UVSPDY, "exec", "-s", server.url(), f"--request-timeout={timeout}"]
                result = run([*command, "web", "--", "true"])
                self.assert_exit(result, 2)
                self.assertRegex(result.stderr.decode(), "--request-timeout: .* is no timeout: give")
