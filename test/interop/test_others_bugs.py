"""Bugs that users of other implementations live with, and which must not be here.

Links that are slow and narrow, links that are cut, thousands of connections: as many as
docs/kubernetes.md says, and fewer under sanitizers.
"""

import collections
import concurrent.futures
import os
import pathlib
import random
import re
import socket
import threading
import time

import local_servers
import spdy
from exec_cases import digest
from go_peer import build_peer
from kube_clients import Access, Uvspdy
from links import Links
from peers import SLEEP, PeerTestCase, commands_of, descriptors, program, run, wait_until
from test_serve import exec_streams, upgrade_request

UVSPDY = program("UVSPDY_COMMAND")

# Slow; and they keep what was freed, so that memory says nothing.
SANITIZERS = os.environ.get("UVSPDY_SANITIZERS", "none") != "none"
# At once. More than the machine has cores: most of the time is the link's delay.
AT_ONCE = 8
NUMBERS = "".join(f"{number}\n" for number in range(1, 2_000_001)).encode()
SUCCESS = b'"status":"Success"'


def in_parallel(work, count):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, range(count)))


class LinkTestCase(PeerTestCase):
    def setUp(self):
        links = Links()
        self.links = links.__enter__()
        self.addCleanup(links.__exit__)

    def serve_go(self):
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)
        return self.serve(self.peer, "cri")

    def uvspdy(self, port, *words):
        return [UVSPDY, "exec", "-s", f"http://127.0.0.1:{port}", "uvspdy", "--", *words]

    def client_go(self, port, *words):
        return [self.peer, "client-go", "exec", f"http://127.0.0.1:{port}", *words]


class LongOutput(LinkTestCase):
    """kubernetes/kubernetes#124571: output ends early, and the exit code is 0."""

    rounds = 16 if SANITIZERS else 200

    def check(self, server):
        def run_over_link(_round):
            # 10 ms there and 10 ms back, 128 KiB on the way.
            link = self.links.open(server.address, delay=0.01, room=128 << 10)
            result = run(self.uvspdy(link.port, "seq", "1", "2000000"))
            self.links.close(link)
            return result.returncode, digest(result.stdout), result.stderr

        outcomes = collections.Counter(in_parallel(run_over_link, self.rounds))
        whole = outcomes.pop((0, digest(NUMBERS), b""), 0)
        self.assertEqual((whole, dict(outcomes)), (self.rounds, {}))

    def test_of_uvspdy_serve(self):
        self.check(self.serve(UVSPDY, "serve"))

    def test_of_the_cri_streaming_server(self):
        self.check(self.serve_go())


class CutConnections(LinkTestCase):
    """kubernetes/kubernetes#73056: the connection drops, and the exit code is 0."""

    rounds = 1000
    seed = 73056

    def count_bytes(self, server, client, words):
        """How many the server sends for this command."""
        link = self.links.open(server.address, cut_at=1 << 40)
        self.assert_exit(run(client(link.port, *words)), 0)
        self.links.close(link)
        self.assertIn(SUCCESS, link.delivered)
        return link.count

    def cut(self, server, client, words, rounds):
        """Runs that were cut before the client had got the status: exit codes and errors."""
        points = random.Random(self.seed)
        end = self.count_bytes(server, client, words)
        outcomes = []

        def run_and_cut(cut):
            at, reset = cut
            link = self.links.open(server.address, cut_at=at, reset=reset)
            result = run(client(link.port, *words))
            self.links.close(link)
            return link, result

        # The last bytes are the status and what is behind it: cutting there cuts nothing off. So a
        # few more are needed than are counted.
        tried = 0
        while len(outcomes) < rounds:
            self.assertLess(tried, 4 * rounds + 100)
            cuts = [(points.randrange(1, end), bool(number % 2)) for number in range(rounds)]
            tried += len(cuts)
            for link, result in in_parallel(lambda at: run_and_cut(cuts[at]), len(cuts)):
                if link.was_cut and SUCCESS not in link.delivered:
                    outcomes.append((result.returncode, result.stderr))
        return outcomes[:rounds]

    def check(self, server, words, rounds):
        for code, errors in self.cut(server, self.uvspdy, words, rounds):
            self.assertEqual(code, 1)
            self.assert_one_line(errors, "^uvspdy exec: ")

    def test_within_the_output(self):
        server = self.serve(UVSPDY, "serve")
        self.check(server, ["seq", "1", "20000"], self.rounds // 2)
        self.check_nothing_is_left(server)

    def test_within_the_frames_of_beginning_and_end(self):
        server = self.serve(UVSPDY, "serve")
        self.check(server, ["true"], self.rounds // 2)
        self.check_nothing_is_left(server)

    def test_of_the_cri_streaming_server(self):
        self.check(self.serve_go(), ["seq", "1", "20000"], 50)

    def test_client_go_takes_a_cut_for_success(self):
        """Which shows that the cuts are where they hurt."""
        server = self.serve_go()
        outcomes = self.cut(server, self.client_go, ["seq", "1", "20000"], 8)
        self.assertIn(0, [code for code, _errors in outcomes])

    def check_nothing_is_left(self, server):
        wait_until(lambda: not commands_of(server), "the commands to end")
        wait_until(lambda: descriptors(server.process) < 32, "the connections to end")


class AbortedDownloads(PeerTestCase):
    """kubernetes/kubernetes#126718, kubectl#1368: one connection that breaks stops all the others."""

    aborts, readers = 100, 10
    size = 4 << 20  # more than what any buffer on the way holds

    def check(self, server):
        client = Uvspdy(self.folder(), Access(server.target))
        target = local_servers.serve_downloads(self)
        _forwarder, port = local_servers.forward(self, client, target)
        expected = digest(local_servers.content(self.size))
        aborted = threading.Event()

        def read(_number):
            """Downloads until the aborts are over, and once more."""
            count, last = 0, False
            while not last:
                last = aborted.is_set()
                self.assertEqual(digest(local_servers.download(port, self.size)), expected)
                count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(self.readers) as pool:
            reading = [pool.submit(read, number) for number in range(self.readers)]
            try:
                for number in range(self.aborts):
                    local_servers.abort_download(
                        port, self.size, read=1 + 1000 * number, reset=bool(number % 2)
                    )
            finally:
                aborted.set()
            for reader in reading:
                self.assertGreaterEqual(reader.result(), 2)

    def test_with_uvspdy_serve(self):
        self.check(self.serve(UVSPDY, "serve"))

    def test_with_the_cri_streaming_server(self):
        peer, missing = build_peer()
        if missing:
            self.skipTest(missing)
        self.check(self.serve(peer, "cri"))


def memory(process):
    """What it has just now, in bytes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.M).group(1)) * 1024


class ManyConnections(PeerTestCase):
    """kubernetes/kubernetes#57992, client-go#993: memory stays with connections that are gone."""

    # Behind so many the process has what it needs; the others must not add to it.
    warm_up = 1000
    rounds = 1000 if SANITIZERS else 9000
    most_growth = 1 << 20

    def check(self, processes, connect, rounds):
        """Connects so often, on some threads, and compares before and after."""

        def connect_often(count):
            in_parallel(lambda _: [connect(number) for number in range(count // AT_ONCE)], AT_ONCE)

        def settled():
            # One or two are opened when they are first needed.
            return all(descriptors(process) <= had + 2 for process, had in before.items())

        before = {process: descriptors(process) for process in processes}
        connect_often(self.warm_up)
        wait_until(settled, "the first connections to end")
        warm = {process: memory(process) for process in processes}
        connect_often(rounds)
        wait_until(settled, "all connections to end")
        for process, had in [] if SANITIZERS else warm.items():
            self.assertLess(memory(process) - had, self.most_growth, process.args)

    def test_exec(self):
        server = self.serve(UVSPDY, "serve")

        def upgraded(*words, streams=exec_streams()):
            """A connection with an exec. A server whose limit of upgrades in a second is reached
            asks to come again in a second."""
            while True:
                connection = spdy.connect(server.address)
                connection.sendall(upgrade_request(*words) + streams)
                if " 429 " not in spdy.receive_head(connection).splitlines()[0]:
                    return connection
                connection.close()
                time.sleep(1)

        def to_the_end():
            with upgraded("true") as connection:
                # As clients do, which go when they have their status.
                status = spdy.receive_frames(connection, until_end_of=1)[-1]
                self.assertEqual(status.stream_id, 1)

        def cut_off_in_mid_command():
            spdy.disconnect_abruptly(upgraded("sh", "-c", SLEEP))

        def without_streams():
            upgraded("true", streams=b"").close()

        kinds = [to_the_end, cut_off_in_mid_command, without_streams, without_streams]
        self.check([server.process], lambda number: kinds[number % len(kinds)](), self.rounds)

    def test_port_forward(self):
        """Of both sides: all of them over one SPDY connection."""
        server = self.serve(UVSPDY, "serve")
        client = Uvspdy(self.folder(), Access(server.target))
        target = local_servers.serve_digests(self)
        forwarder, port = local_servers.forward(self, client, target)

        def connect(number):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"some bytes")
                if number % 4 == 0:
                    return spdy.disconnect_abruptly(connection)
                connection.shutdown(socket.SHUT_WR)
                return self.assertEqual(len(spdy.receive_all(connection)), 64)

        self.check([server.process, forwarder], connect, self.rounds)
