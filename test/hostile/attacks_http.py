"""What comes before SPDY: TCP connections, TLS handshakes, HTTP heads."""

import functools
import os
import ssl

import openings
from suite import EXEC, GUARDED, attack

on_server = functools.partial(attack, group="http")


# HttpServerOptions::max_pending_per_address connections, each with OpenSSL's state.
HANDSHAKES = 512 * 64 * 1024


def crowd(attacker, count, say, tls=True):
    """So many connections that all say the same, and are looked after until one is ended."""
    links = [attacker.link(tls) for _ in range(count)]
    for link in links:
        link.send(say)
    links[0].pause()


def heads(attacker, head):
    """One request after another, each on a connection of its own, whose answer is read."""
    while attacker.left():
        link = attacker.link()
        link.send(head)
        link.pause(0.002)
        link.close()


@on_server("silent", "1,100 connections from one address that say nothing", EXEC)
def _(attacker):
    crowd(attacker, 1100, b"")


@on_server("silent-elsewhere", "1,100 silent connections, from 110 addresses", EXEC)
def _(attacker):
    links = [attacker.link(source=(f"127.0.1.{1 + n % 110}", 0)) for n in range(1100)]
    links[0].pause()


@on_server("head-slow", "500 heads that come a byte every 50 ms", EXEC)
def _(attacker):
    links = [attacker.link() for _ in range(500)]
    for byte in openings.upgrade(openings.command_target(), "v4.channel.k8s.io"):
        for link in links:
            link.send(bytes([byte]))
        links[0].pause(0.05)


@on_server("head-unfinished", "500 heads of 60 KB that never end", EXEC, memory=64 << 20)
def _(attacker):
    crowd(attacker, 500, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000)


@on_server("head-endless-line", "a header that never ends", EXEC)
def _(attacker):
    link = attacker.link()
    link.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
    link.flood(b"x" * 16384)


@on_server("head-endless-headers", "headers without end", EXEC)
def _(attacker):
    link = attacker.link()
    link.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    link.flood(b"X: x\r\n")


@on_server("head-endless-target", "a request line that never ends", EXEC)
def _(attacker):
    link = attacker.link()
    link.send(b"GET /")
    link.flood(b"x" * 16384)


@on_server("head-endless-blank", "blank lines before a request, without end", EXEC)
def _(attacker):
    attacker.link().flood(b"\r\n")


@on_server("head-bare-lf", "heads with bare line feeds", EXEC)
def _(attacker):
    heads(attacker, b"GET /api HTTP/1.1\nHost: x\n\n")


@on_server("head-nul", "heads with NUL and other control characters", EXEC)
def _(attacker):
    heads(attacker, b"GET /\0\x1b[2J HTTP/1.1\r\nHost: \0\r\n\r\n")


@on_server("head-folded", "headers that are folded", EXEC)
def _(attacker):
    heads(attacker, b"GET /api HTTP/1.1\r\nHost: x\r\n y\r\n\r\n")


@on_server("head-no-host", "requests without Host", EXEC)
def _(attacker):
    heads(attacker, b"GET /api HTTP/1.1\r\n\r\n")


@on_server("head-two-lengths", "requests with two lengths: request smuggling", EXEC)
def _(attacker):
    lengths = b"Content-Length: 0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n"
    heads(attacker, b"GET /api HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\n")


@on_server("head-body", "requests with bodies without end", EXEC)
def _(attacker):
    link = attacker.link()
    link.send(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    link.flood(b"x" * 16384)


@on_server("head-protocols", "upgrades that offer 10,000 protocols", EXEC)
def _(attacker):
    protocols = ", ".join(f"v{number}.channel" for number in range(10_000))
    heads(attacker, openings.upgrade(openings.command_target(), protocols))


@on_server("head-no-upgrade", "exec without an upgrade", EXEC)
def _(attacker):
    target = openings.command_target().encode()
    heads(attacker, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")


@on_server("head-not-found", "requests for what there is not", EXEC)
def _(attacker):
    heads(attacker, b"GET /" + b"%2e%2e/" * 500 + b" HTTP/1.1\r\nHost: x\r\n\r\n")


@on_server("head-garbage", "bytes that are no HTTP", EXEC)
def _(attacker):
    heads(attacker, bytes(range(256)) * 16)


@on_server("head-http2", "the preface of HTTP/2", EXEC)
def _(attacker):
    heads(attacker, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))


@on_server("head-pipelined", "a hundred requests at once, and no answer read", EXEC)
def _(attacker):
    crowd(attacker, 100, b"GET /api/v1 HTTP/1.1\r\nHost: x\r\n\r\n" * 100)


# Tokens are taken over TLS alone.
on_guarded = functools.partial(on_server, tls_only=True)


def guess(token):
    return b"GET /api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n\r\n"


@on_guarded("guess-tokens", "requests with tokens that are guessed", GUARDED)
def _(attacker):
    heads(attacker, guess(b"guess"))


@on_guarded("guess-tokens-long", "requests with tokens of 8,000 letters that are guessed", GUARDED)
def _(attacker):
    heads(attacker, guess(b"g" * 8000))


@on_guarded("guess-tokens-for-terminals", "requests with tokens that a terminal obeys", GUARDED)
def _(attacker):
    heads(attacker, guess(b"\xe2\x80\xae\x9b2J"))


@on_guarded("no-credentials", "exec without credentials, over and over", GUARDED)
def _(attacker):
    heads(attacker, openings.upgrade(openings.command_target(), "v4.channel.k8s.io"))


@on_guarded("silent-guarded", "1,100 silent connections of who has no credentials", GUARDED)
def _(attacker):
    crowd(attacker, 1100, b"")


def hello():
    """A ClientHello as OpenSSL writes it."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    try:
        made.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


tls_only = functools.partial(on_server, tls_only=True)


@tls_only("tls-silent", "1,100 TLS connections that say nothing", EXEC, memory=HANDSHAKES)
def _(attacker):
    crowd(attacker, 1100, b"", tls=False)


@tls_only(
    "tls-mid-handshake",
    "1,000 TLS connections that stop behind their first flight",
    EXEC,
    memory=HANDSHAKES,
)
def _(attacker):
    crowd(attacker, 1000, hello(), tls=False)


@tls_only("tls-handshakes", "TLS handshakes that are broken off, one after another", EXEC)
def _(attacker):
    while attacker.left():
        link = attacker.link(tls=False)
        link.send(hello())
        link.pause(0.002)
        link.close()


@tls_only(
    "tls-hello-slow",
    "200 ClientHellos that come a byte every 20 ms",
    EXEC,
    memory=HANDSHAKES,
)
def _(attacker):
    links = [attacker.link(tls=False) for _ in range(200)]
    for byte in hello():
        for link in links:
            link.send(bytes([byte]))
        links[0].pause(0.02)


@tls_only("tls-hello-cut", "half of a ClientHello, again and again", EXEC, memory=HANDSHAKES)
def _(attacker):
    while attacker.left():
        link = attacker.link(tls=False)
        link.send(hello()[:100])
        link.close()


@tls_only("tls-garbage", "records that are none", EXEC)
def _(attacker):
    while attacker.left():
        link = attacker.link(tls=False)
        link.send(b"\x16\x03\x01\x40\x00" + os.urandom(16384))
        link.pause(0.002)
        link.close()


@tls_only("tls-plain-http", "plain HTTP for a TLS port", EXEC)
def _(attacker):
    while attacker.left():
        link = attacker.link(tls=False)
        link.send(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n")
        link.pause(0.002)
        link.close()


@tls_only("tls-alerts", "warnings without end in place of a handshake", EXEC)
def _(attacker):
    attacker.link(tls=False).flood(b"\x15\x03\x01\x00\x02\x01\x5a")


@tls_only("tls-full-handshakes", "whole handshakes, each followed by nothing", EXEC)
def _(attacker):
    while attacker.left():
        attacker.link().close()


@tls_only("tls-one-byte-records", "SPDY in TLS records of one byte", EXEC)
def _(attacker):
    session = attacker.session()
    session.dribble(b"\x80\x03\x00\x4d\x00\xff\xff\xff" + bytes(0xFFFFFF))


@tls_only("tls-cut-mid-record", "connections that are reset inside of a record", EXEC)
def _(attacker):
    while attacker.left():
        session = attacker.session()
        session.send(bytes(5), read=False)
        session.reset()
