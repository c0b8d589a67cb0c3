"""Servers that mean their clients harm: answers, upgrades, sessions."""

import functools
import json
import time

import frames
import spdy
from suite import program_attack
from victim import UPGRADED, json_answer

on_client = functools.partial(program_attack, group="clients")


def repeat(client, data):
    buffer = frames.repeated(data)
    while True:
        client.sendall(buffer)


@on_client("answer-silent", "a server that takes the request and never answers", ends=False)
def _(victim):
    return victim.exec(victim.server(get=lambda client: spdy.receive_all(client)))


@on_client("answer-endless-head", "an answer whose head never ends")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        repeat(client, b"X: x\r\n")

    return victim.exec(victim.server(get=answer))


@on_client("answer-endless-line", "an answer with a header that never ends")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        repeat(client, b"x" * 1000)

    return victim.exec(victim.server(get=answer))


@on_client("answer-endless-body", "an answer whose body never ends")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        repeat(client, b'{"a":' * 100)

    return victim.exec(victim.server(get=answer))


@on_client("answer-endless-chunks", "chunks of one byte without end")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        repeat(client, b"1\r\n[\r\n")

    return victim.exec(victim.server(get=answer))


@on_client("answer-chunk-extension", "a chunk with an extension that never ends")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        repeat(client, b"x" * 1000)

    return victim.exec(victim.server(get=answer))


@on_client("answer-slow-head", "an answer that comes a byte every 100 ms", ends=False)
def _(victim):
    def answer(client):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000:
            client.sendall(bytes([byte]))
            time.sleep(0.1)

    return victim.exec(victim.server(get=answer))


@on_client("answer-continue", "100 Continue without end")
def _(victim):
    return victim.exec(
        victim.server(get=lambda client: repeat(client, b"HTTP/1.1 100 Continue\r\n\r\n"))
    )


@on_client("answer-redirects", "redirects in a circle", succeeds=True)
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")

    return victim.exec(victim.server(get=answer))


@on_client("answer-two-lengths", "an answer with two lengths")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 900\r\n\r\n{}")
        client.recv(1)

    return victim.exec(victim.server(get=answer))


@on_client("answer-length-lies", "an answer that claims 2^63 bytes", ends=False)
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n{")
        spdy.receive_all(client)

    return victim.exec(victim.server(get=answer))


@on_client("pod-large", "a pod of 3.9 MB of small JSON values", succeeds=True)
def _(victim):
    text = b'{"kind":"Pod","spec":{"a":[' + b"{}," * 1_300_000 + b"1]}}"
    return victim.exec(victim.server(get=lambda client: client.sendall(json_answer(text))))


@on_client("pod-deep", "a pod that is nested 100,000 deep", succeeds=True)
def _(victim):
    text = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    return victim.exec(victim.server(get=lambda client: client.sendall(json_answer(text))))


@on_client(
    "pod-many-containers", "a pod with 20,000 containers, none of which is asked for", succeeds=True
)
def _(victim):
    names = [{"name": f"container-number-{number}-of-many"} for number in range(20_000)]
    pod = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": names},
           "status": {"phase": "Running"}}  # fmt: skip
    url = victim.server(get=lambda client: client.sendall(json_answer(pod)))
    command = victim.exec(url)
    return [*command[:-3], "-c", "none", *command[-3:]]


@on_client("pod-names-for-terminals", "containers whose names a terminal obeys")
def _(victim):
    names = [{"name": "\x1b[2J\u202egnp\u2066\x9b31m"}, {"name": "b\r\n\x07"}]
    pod = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": names},
           "status": {"phase": "\x1b[31m\u202e"}}  # fmt: skip
    url = victim.server(get=lambda client: client.sendall(json_answer(pod)))
    command = victim.exec(url)
    return [*command[:-3], "-c", "none", *command[-3:]]


@on_client("pod-wrong-types", "a pod with numbers for names and texts for lists", succeeds=True)
def _(victim):
    pod = {"kind": 1, "metadata": [], "spec": {"containers": "x", "initContainers": [1, None]},
           "status": 3}  # fmt: skip
    return victim.exec(
        victim.server(get=lambda client: client.sendall(json_answer(pod)))
    )


def refusal(message, code=403):
    body = {"kind": "Status", "status": "Failure", "code": code, "message": message}
    return json_answer(body, code)


@on_client("refusal-for-terminals", "a refusal whose text a terminal obeys")
def _(victim):
    text = refusal("\x1b]0;owned\x07\u202egnp.exe\x9b2J\r\n")
    return victim.exec(victim.server(upgrade=lambda client: client.sendall(text)))


@on_client("refusal-large", "a refusal with a text of 1 MB")
def _(victim):
    text = refusal("no " * 333_000)
    return victim.exec(victim.server(upgrade=lambda client: client.sendall(text)))


@on_client("refusal-endless", "a refusal that never ends")
def _(victim):
    def answer(client):
        client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        repeat(client, b"no " * 1000)

    return victim.exec(victim.server(upgrade=answer))


@on_client("upgrade-no-protocol", "an upgrade to a protocol that was not offered")
def _(victim):
    return victim.exec(
        victim.server(upgrade=lambda client: client.sendall(UPGRADED % b"v99.channel.k8s.io"))
    )


@on_client("upgrade-garbage", "an upgrade with garbage behind it")
def _(victim):
    def answer(client):
        client.sendall(UPGRADED % b"v4.channel.k8s.io")
        repeat(client, b"\xff\x00garbage")

    return victim.exec(victim.server(upgrade=answer))


@on_client("upgrade-and-close", "an upgrade, and the end of the connection")
def _(victim):
    return victim.exec(
        victim.server(upgrade=lambda client: client.sendall(UPGRADED % b"v4.channel.k8s.io"))
    )


@on_client("upgrade-no-replies", "an exec whose streams are never answered", ends=False)
def _(victim):
    def answer(client):
        client.sendall(UPGRADED % b"v4.channel.k8s.io")
        spdy.receive_all(client)

    return victim.exec(victim.server(upgrade=answer))


@on_client("status-endless", "a status that never ends", ends=False)
def _(victim):
    return victim.exec(
        victim.server(
            session=lambda session: session.flood(
                frames.data(session.stream["error"], b'{"message":' + b'"x' * 8000)
            )
        )
    )


@on_client("status-deep", "a status that is nested 10,000 deep")
def _(victim):
    text = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    return victim.exec(victim.server(session=lambda session: session.finish(text)))


@on_client("status-for-terminals", "a status whose text a terminal obeys")
def _(victim):
    text = json.dumps({"status": "Failure", "message": "\x1b[2J\u202e\x07\x9b"}).encode()
    return victim.exec(victim.server(session=lambda session: session.finish(text)))


@on_client("status-success-of-nothing", "an exit code of 2^63")
def _(victim):
    cause = {"reason": "ExitCode", "message": str(1 << 63)}
    status = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [cause]}}
    text = json.dumps(status).encode()
    return victim.exec(victim.server(session=lambda session: session.finish(text)))


@on_client("status-missing", "an end without a status")
def _(victim):
    return victim.exec(victim.server(session=lambda session: session.finish(b"")))


def flooding(victim, make, **options):
    return victim.exec(
        victim.server(session=lambda session: session.flood(make(session))), **options
    )


@on_client("server-headers-bomb", "HEADERS that inflate to 126 KiB, from the server", ends=False)
def _(victim):
    bomb = frames.bomb()
    return flooding(victim, lambda session: frames.headers(session.stream["stdout"], bomb))


@on_client("server-pings", "PINGs from the server", ends=False)
def _(victim):
    return flooding(victim, lambda session: frames.ping(2))


@on_client("server-settings", "SETTINGS from the server", ends=False)
def _(victim):
    return flooding(victim, lambda session: frames.settings((7, 1000)))


@on_client("server-data-empty", "empty DATA from the server", ends=False)
def _(victim):
    return flooding(victim, lambda session: frames.data(session.stream["stdout"]))


@on_client("server-data-unknown", "DATA from the server for streams that never were", ends=False)
def _(victim):
    return flooding(victim, lambda session: frames.data(1001, b"x"))


@on_client("server-streams", "streams that the server opens", ends=False)
def _(victim):
    def session(session):
        block = frames.block((b"a", b"b"))
        for first in range(2, 1 << 30, 8192):
            ids = range(first, first + 8192, 2)
            session.send(b"".join(frames.syn_stream(number, block) for number in ids))

    return victim.exec(victim.server(session=session))


@on_client("server-data-behind-fin", "DATA behind the FIN of stdout", ends=False)
def _(victim):
    return flooding(
        victim, lambda session: frames.data(session.stream["stdout"], b"", spdy.FLAG_FIN)
    )


@on_client("server-output-endless", "output that never ends", ends=False, output=True)
def _(victim):
    return flooding(victim, lambda session: frames.data(session.stream["stdout"], bytes(16384)))


@on_client("forward-unasked", "streams opened by the server of a port-forward", ends=False)
def _(victim):
    def session(session):
        block = frames.block((b"streamtype", b"data"), (b"port", b"80"), (b"requestid", b"0"))
        for first in range(2, 1 << 30, 8192):
            ids = range(first, first + 8192, 2)
            session.send(b"".join(frames.syn_stream(number, block) for number in ids))

    return victim.port_forward(victim.server(session=session))


@on_client("forward-headers-bomb", "HEADERS that inflate to 126 KiB, to a port-forward", ends=False)
def _(victim):
    def session(session):
        session.send(frames.control(spdy.HEADERS, 1, tail=spdy.ZLIB_HEADER + frames.bomb()))
        session.flood(frames.headers(1, frames.bomb()))

    return victim.port_forward(victim.server(session=session))


@on_client("forward-pings", "PINGs to a port-forward", ends=False)
def _(victim):
    return victim.port_forward(
        victim.server(session=lambda session: session.flood(frames.ping(2)))
    )


@on_client("forward-upgrade-and-close", "a port-forward whose connection ends at once")
def _(victim):
    return victim.port_forward(victim.server(session=lambda session: None))
