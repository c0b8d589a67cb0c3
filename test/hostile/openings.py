"""What a client sends until SPDY has begun and its streams are there, on each kind of target."""

import dataclasses
import urllib.parse

import frames
import spdy

POD = "/api/v1/namespaces/default/pods/uvspdy"


@dataclasses.dataclass
class Opening:
    head: bytes  # the HTTP request; b"": SPDY from the first byte
    frames: bytes
    replies: int  # how many SYN_REPLYs there will be
    write: int  # the stream that brings data to the target
    read: int  # the stream on which they come back
    next: int  # the first id that has not been used
    port: int = 0  # that is forwarded


def upgrade(target, protocol, token=None):
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        f"X-Stream-Protocol-Version: {protocol}",
        "Content-Length: 0",
    ]
    lines += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode()


def streams(*headers, flags=None):
    """SYN_STREAMs of streams 1, 3, 5 and so on, one for each list of headers."""
    made = []
    for index, pairs in enumerate(headers):
        block = frames.block(*pairs)
        block = block if index else spdy.ZLIB_HEADER + block
        made.append(frames.syn_stream(2 * index + 1, block, (flags or {}).get(index, 0)))
    return b"".join(made)


def windows(size):
    """SETTINGS and WINDOW_UPDATE of a client that has windows, of this size for each stream, and
    the largest for the connection."""
    return frames.settings((7, size)) + frames.window_update(0, 0x7FFFFFFF - 65536)


def echo(window=None):
    first = windows(window) if window is not None else b""
    return Opening(b"", first + streams([(b"a", b"b")]), 1, 1, 1, 3)


def command_target(kind="exec", words=("cat",), tty=False, stdin=True):
    query = [("command", word) for word in words] if kind == "exec" else []
    query += [("stdin", "true")] if stdin else []
    query += [("stdout", "true")] + ([("tty", "true")] if tty else [])
    return f"{POD}/{kind}?{urllib.parse.urlencode(query)}"


def command(kind="exec", words=("cat",), tty=False, window=None, stdin=True, token=None):
    """exec or attach: the streams error, stdin, stdout and, of a terminal, resize."""
    types = [b"error", *([b"stdin"] if stdin else []), b"stdout", *([b"resize"] if tty else [])]
    made = streams(*([(b"streamtype", kind_of_stream)] for kind_of_stream in types))
    first = windows(window) if window is not None else b""
    head = upgrade(command_target(kind, words, tty, stdin), "v4.channel.k8s.io", token)
    count = len(types)
    return Opening(head, first + made, count, 3, 2 * types.index(b"stdout") + 1, 2 * count + 1)


def forward_pair(port, request=0):
    """The headers of the two streams of a forwarded connection."""
    for kind in (b"error", b"data"):
        yield [(b"streamtype", kind), (b"port", b"%d" % port), (b"requestid", b"%d" % request)]


def forward(port, window=None):
    made = streams(*forward_pair(port), flags={0: spdy.FLAG_FIN})
    first = windows(window) if window is not None else b""
    head = upgrade(f"{POD}/portforward", "portforward.k8s.io")
    return Opening(head, first + made, 2, 3, 3, 5, port)

