"""The table of request heads (test/httpstream/heads/requests.txt) with Go's net/http as the server.

What HttpServer answers is tested by test/httpstream/http_heads_test.cpp, by the same table."""

import pathlib
import re
import socket
import unittest

import spdy
from go_peer import build_peer
from peers import DEADLINE, PeerTestCase, program, run
from scripted_proxy import Answering

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def byte_of(escape):
    return ESCAPES.get(escape) or bytes.fromhex(escape[1:])


def unescaped(text):
    escapes = re.compile(rb"\\(x[0-9a-f]{2}|[rnt\\])")
    return escapes.sub(lambda match: byte_of(match.group(1).decode()), text.encode())


def read_table(path):
    """Its cases: a dictionary for each, of which `send` is in bytes."""
    cases = []
    for line in path.read_text(encoding="ascii").splitlines():
        if not line or line.startswith("#"):
            continue
        key, value = line.split(": ", 1)
        if key == "case":
            cases.append({"case": value, "send": b""})
        elif key == "send":
            cases[-1]["send"] += unescaped(value)
        else:
            cases[-1][key] = value
    return cases


def ask(address, head):
    """The status that a server answers, or "nothing"; our side ends once all is sent."""
    with socket.create_connection(address, timeout=DEADLINE) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while b"\r\n" not in answer:
            piece = connection.recv(4096)
            if not piece:
                return "nothing"
            answer += piece
    return answer.split(b" ")[1].decode()


class GoPeerTestCase(PeerTestCase):
    def setUp(self):
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)


class GoServer(GoPeerTestCase):
    def test_each_head(self):
        table = pathlib.Path(program("UVSPDY_SOURCE")) / "test/httpstream/heads/requests.txt"
        server = self.serve(self.peer, "http")
        cases = read_table(table)
        self.assertGreater(len(cases), 100)
        for case in cases:
            with self.subTest(case=case["case"]):
                self.assertEqual(ask(server.address, case["send"]), case["go"])
                same = case["ours"].split(" ")[0] == case["go"]
                self.assertNotEqual(same, "because" in case, "only a difference has a reason")


class Elsewhere(Answering):
    """The target of a redirect, which refuses whoever comes."""

    def __init__(self, test):
        self.heads = []
        super().__init__(test, b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

    def deal_with(self, client):
        self.heads.append(spdy.receive_head(client))
        client.sendall(self._answer)


class Redirects(GoPeerTestCase):
    def test_client_go_follows_them(self):
        """To another host, too. test_network_errors has what `uvspdy exec` does: it does not."""
        elsewhere = Elsewhere(self)
        location = elsewhere.url().replace("127.0.0.1", "localhost") + "/elsewhere"
        head = f"HTTP/1.1 307 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        server = Answering(self, head.encode())
        result = run([self.peer, "client-go", "exec", server.url(), "true"])
        self.assert_exit(result, 1)
        self.assertEqual(len(elsewhere.heads), 1)
        self.assertTrue(elsewhere.heads[0].startswith("POST /elsewhere HTTP/1.1"))


if __name__ == "__main__":
    unittest.main()
