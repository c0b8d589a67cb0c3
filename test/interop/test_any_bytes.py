"""`uvspdy serve`, whatever bytes stand in a request: each is answered, in JSON where it is an API
server's answer, and the server lives on."""

import json

import spdy
from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")

# Each byte alone, and what UTF-8 forbids: written too long, surrogates, beyond U+10FFFF, cut short.
BYTES = [bytes([value]) for value in range(256)]
SEQUENCES = [
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xc2\x85",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\x80\xbf",
    b"\xff" * 1000,
    b'"',
    b"\\",
    b"\\u0000",
    b"%",
    b"%zz",
]


def encoded(text):
    return b"".join(b"%%%02x" % byte for byte in text)


TEXTS = BYTES + SEQUENCES + [encoded(text) for text in BYTES + SEQUENCES]

PLACES = [
    b"/%s",
    b"/api/v1?timeout=%s",
    b"/api/v1?%s=1",
    b"/api/v1/namespaces/%s/pods/uvspdy",
    b"/api/v1/namespaces/default/pods/%s",
    b"/api/v1/namespaces/%s/pods/uvspdy/exec?command=x&stdout=1",
    b"/api/v1/namespaces/default/pods/%s/exec?command=x&stdout=1",
    b"/api/v1/namespaces/default/pods/uvspdy/exec?command=%s&stdout=1",
    b"/api/v1/namespaces/default/pods/uvspdy/exec?command=x&stdout=1&container=%s",
    b"/api/v1/namespaces/default/pods/uvspdy/exec?command=x&stdout=%s",
    b"/api/v1/namespaces/default/pods/uvspdy/attach?stdin=1&container=%s",
    b"/api/v1/namespaces/default/pods/%s/portforward",
    b"/api/v1/namespaces/default/pods/uvspdy/portforward?ports=%s",
    b"/exec/%s/uvspdy/main?command=x&output=1",
    b"/attach/default/uvspdy/%s?output=1",
    b"/portForward/default/%s",
]


class AnyBytes(PeerTestCase):
    def answer(self, server, request):
        with spdy.connect(server.address) as connection:
            connection.sendall(request)
            return spdy.receive_head(connection), spdy.receive_all(connection)

    def check_lives(self, server, pod):
        result = run([UVSPDY, "exec", "-s", server.target, pod, "--", "echo", "fine"])
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"fine\n")

    def test_in_each_place_of_a_target(self):
        server = self.serve(UVSPDY, "serve")
        for place in PLACES:
            for text in TEXTS:
                target = place.replace(b"%s", text)
                with self.subTest(target=target):
                    head, body = self.answer(
                        server, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\n"
                    )
                    self.assertRegex(head, r"\AHTTP/1\.1 [24]\d\d ")
                    if "\r\nContent-Type: application/json\r\n" in head:
                        json.loads(body.decode("utf-8"))
        self.check_lives(server, "uvspdy")

    def test_in_the_name_of_the_pod(self):
        for name in [b"\xff", b"a\xe2\x82", b"\xc2\x85", b'"', b"\x1b[2J"]:
            with self.subTest(name=name):
                server = self.serve(UVSPDY, "serve", "--pod", name)
                target = b"/api/v1/namespaces/default/pods/" + encoded(name)
                head, body = self.answer(server, b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
                self.assertRegex(head, r"\AHTTP/1\.1 200 ")
                shown = json.loads(body.decode("utf-8"))["metadata"]["name"]
                self.assertEqual(shown, name.decode("utf-8", "replace"))
                self.check_lives(server, name)

    def test_in_the_words_of_a_command(self):
        server = self.serve(UVSPDY, "serve")
        for word in [b"\xff", b"a\xe2\x82", b"\xed\xa0\x80", b"\xc2\x85"]:
            with self.subTest(word=word):
                result = run(
                    [UVSPDY, "exec", "-s", server.target, "uvspdy", "--", "printf", "%s", word]
                )
                self.assert_exit(result, 0)
                self.assertEqual(result.stdout, word)
                # There is no such command, and the answer says which.
                result = run([UVSPDY, "exec", "-s", server.target, "uvspdy", "--", word])
                self.assert_exit(result, 127)
                result.stderr.decode("utf-8")
        self.check_lives(server, "uvspdy")
