"""What Kubernetes' protocols have beside SPDY: streams with a meaning, terminal sizes, commands,
pairs of streams."""

import functools

import frames
import openings
import spdy
from suite import ATTACH, EXEC, FORWARD, attack, session_attack

on_session = functools.partial(session_attack, group="kube")
on_server = functools.partial(attack, group="kube")
TERMINAL = {"tty": True}


def resize_stream(session):
    """The last that the opening of an exec with a terminal has created."""
    return session.next_id() - 2


@on_session("resize-flood", "terminal sizes", EXEC, opening=TERMINAL)
def _(session):
    session.flood(frames.data(resize_stream(session), b'{"Width":80,"Height":24}\n'))


@on_session("resize-changes", "terminal sizes that differ", EXEC, opening=TERMINAL)
def _(session):
    stream = resize_stream(session)
    sizes = (b'{"Width":%d,"Height":24}\n' % (80 + width) for width in range(100))
    session.flood(b"".join(frames.data(stream, size) for size in sizes))


@on_session("resize-garbage", "terminal sizes that are no JSON", EXEC, opening=TERMINAL)
def _(session):
    session.flood(frames.data(resize_stream(session), b"}{\n"))


@on_session("resize-unfinished", "a terminal size that never ends", EXEC, opening=TERMINAL)
def _(session):
    stream = resize_stream(session)
    session.send(frames.data(stream, b'{"Width":'))
    session.flood(frames.data(stream, b"1" * 16384))


@on_session("resize-deep", "a terminal size that is nested without end", EXEC, opening=TERMINAL)
def _(session):
    session.flood(frames.data(resize_stream(session), b'{"a":' * 3000))


@on_session("exec-unknown-streams", "streams of types that an exec has not", EXEC)
def _(session):
    block = frames.block((b"streamtype", b"telemetry"))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@on_session("exec-streams-twice", "streams that an exec has already", EXEC)
def _(session):
    block = frames.block((b"streamtype", b"stdin"))
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@on_session("exec-error-stream-data", "data on the stream of errors, which is the server's", EXEC)
def _(session):
    session.flood(frames.data(1, bytes(1024)))


@on_session("exec-output-stream-data", "data on stdout, which is the server's", EXEC)
def _(session):
    session.flood(frames.data(5, bytes(1024)))


@on_server("exec-without-streams", "200 upgrades to exec that never create a stream", EXEC)
def _(attacker):
    head = openings.upgrade(openings.command_target(), "v4.channel.k8s.io")
    links = [attacker.link() for _ in range(200)]
    for link in links:
        link.send(head)
    links[0].pause()


@on_server("exec-churn", "commands that are started and left", EXEC)
def _(attacker):
    while attacker.left():
        attacker.session(words=("sleep", "1000")).close()


@on_server("exec-crowd", "50 commands at a time, left with a TCP reset", EXEC)
def _(attacker):
    for session in [attacker.session(words=("sleep", "1000")) for _ in range(50)]:
        session.reset()


@on_server("exec-no-such-command", "commands that there are not", EXEC)
def _(attacker):
    while attacker.left():
        session = attacker.session(words=("/no/such/command",))
        session.pause(0.005)
        session.close()


@on_server("exec-signals-ignored", "commands that ignore SIGHUP and SIGTERM, and are left", EXEC)
def _(attacker):
    script = "trap '' HUP TERM; while :; do sleep 0.1; done"
    for session in [attacker.session(words=("sh", "-c", script)) for _ in range(5)]:
        session.close()
    attacker.link().pause()


@on_server("exec-long-command-line", "a command with 100,000 arguments", EXEC)
def _(attacker):
    attacker.session(words=("echo", *["x"] * 100_000)).pause()


@on_session("attach-flood", "input for the main process, whose output is read", ATTACH)
def _(session):
    session.flood(frames.data(session.stream, bytes(1024)))


@on_session("attach-unread", "input for the main process, whose output is not read", ATTACH)
def _(session):
    session.flood(frames.data(session.stream, bytes(16384)), read=False)


@on_server("attach-crowd", "100 clients attached without stdin, none of which reads", ATTACH)
def _(attacker):
    sessions = [attacker.session(stdin=False) for _ in range(100)]
    sessions[0].sleep()


@on_server("attach-churn", "clients that attach and leave", ATTACH)
def _(attacker):
    while attacker.left():
        attacker.session(stdin=False).close()


def pair_flood(session, make, count=512):
    """Sends make(id of the first stream, request) for pair after pair, without end."""
    request = 1
    while True:
        first = session.next_id(2 * count)
        session.send(b"".join(make(first + 4 * n, request + n) for n in range(count)))
        request += count


def pair(first, port, request, kinds=(b"error", b"data")):
    made = b""
    for stream, kind in zip((first, first + 2), kinds):
        words = (b"streamtype", kind), (b"port", port), (b"requestid", b"%d" % request)
        flags = spdy.FLAG_FIN if kind == b"error" else 0
        made += frames.syn_stream(stream, frames.block(*words), flags)
    return made


@on_session("forward-flood", "forwarded connections, all left open", FORWARD)
def _(session):
    port = b"%d" % session.port
    pair_flood(session, lambda first, request: pair(first, port, request))


@on_session("forward-rapid-reset", "forwarded connections that are reset at once", FORWARD)
def _(session):
    port = b"%d" % session.port
    pair_flood(
        session,
        lambda first, request: pair(first, port, request)
        + frames.reset(first)
        + frames.reset(first + 2),
    )


@on_session(
    "forward-closed-port",
    "forwarded connections to a port that nobody listens on",
    FORWARD,
)
def _(session):
    pair_flood(session, lambda first, request: pair(first, b"1", request))


@on_session("forward-bad-port", "forwarded connections to ports that there are not", FORWARD)
def _(session):
    pair_flood(session, lambda first, request: pair(first, b"65536", request))


@on_session("forward-text-port", "forwarded connections to a port of 10,000 letters", FORWARD)
def _(session):
    pair_flood(session, lambda first, request: pair(first, b"p" * 10_000, request), 64)


@on_session("forward-half-pairs", "streams for data without their streams for errors", FORWARD)
def _(session):
    port = b"%d" % session.port
    pair_flood(session, lambda first, request: pair(first, port, request, (b"data",)))


@on_session("forward-same-request", "pairs that all have one request's id", FORWARD)
def _(session):
    port = b"%d" % session.port
    pair_flood(session, lambda first, request: pair(first, port, 7))


@on_session("forward-unknown-type", "streams of types that port-forward has not", FORWARD)
def _(session):
    pair_flood(session, lambda first, request: pair(first, b"80", request, (b"x", b"y")))


@on_session("forward-without-headers", "streams that say nothing of themselves", FORWARD)
def _(session):
    block = frames.block()
    session.flood_ids(lambda number: frames.syn_stream(number, block))


@on_session("forward-bulk", "bytes through one forwarded connection, which are not read", FORWARD)
def _(session):
    session.flood(frames.data(session.stream, bytes(16384)), read=False)
