"""Load of SPDY by hand: sessions that come, are used, and end in every way that there is."""

import contextlib
import time

import attacker
import frames
import openings
import spdy
import suite
from load import Wrong

CROWD = 600  # connections that a process keeps open; select() has 1,024 descriptors
MOST_AT_ONCE = 60_000  # bytes, which a socket takes without its echo being read
# Attacks that cost little and are over in half a second, of each kind that there is.
ATTACKS = (
    "headers-bomb", "header-block-garbage", "syn-fin", "rapid-reset-with-data",
    "made-you-reset-window-zero", "made-you-reset-data-after-fin", "data-one-byte",
    "data-unknown-stream", "goaway-and-on", "unknown-types", "wrong-version", "frame-too-long",
    "ping-flood", "settings-window-churn", "garbage", "dribble", "frame-unfinished",
    "half-closed-connections", "connect-and-reset", "connect-and-close", "head-unfinished",
    "head-pipelined", "head-garbage", "exec-churn", "exec-crowd", "exec-without-streams",
    "exec-no-such-command", "resize-garbage",
)  # fmt: skip
SLOW_ATTACKS = ("exec-signals-ignored", "output-unread", "hold-window-zero", "slow-reader")


@contextlib.contextmanager
def session(load, target, opening=None, streams=1):
    """A session that is open meanwhile, and counted."""
    opened = attacker.Session(
        opening or target.opening(), target.address, load.deadline, load.report,
        target.tls_client(), load.source,
    )  # fmt: skip
    load.tally.add("connections")
    load.tally.add("streams", streams)
    load.tally.add("connections_open")
    load.tally.add("streams_open", streams)
    try:
        yield opened
    finally:
        opened.close()
        load.tally.add("connections_open", -1)
        load.tally.add("streams_open", -streams)


@contextlib.contextmanager
def honest():
    """The server may not end the connection meanwhile: the client has broken no rule."""
    try:
        yield
    except attacker.Ended as ended:
        raise Wrong(f"an honest connection was ended: {ended}") from None


def end(load, link):
    """Ends a session in one of the ways in which clients do."""
    how = load.choose(reset=4, close=3, half=1, goaway=2, cut=2, streams=2)
    load.tally.add("faults", how in ("reset", "half", "cut"))
    if how == "reset":
        link.reset()
    elif how == "half":
        link.shut_down()
        if load.random.random() < 0.5:
            link.pause(0.1)
    elif how == "goaway":
        link.send(frames.goaway(0, load.random.choice((0, 1, 2))))
        link.pause(0.01)
    elif how == "cut":  # within a frame
        link.send(frames.data(link.stream, bytes(load.size(5000)), length=6000), read=False)
        if load.random.random() < 0.5:
            link.reset()
    elif how == "streams":
        link.send(frames.reset(link.stream) if load.random.random() < 0.5
                  else frames.data(link.stream, b"", spdy.FLAG_FIN))  # fmt: skip
        link.pause(0.01)


def echoed(link, messages):
    """Reads until each stream of `messages` has brought its bytes back."""
    received, rest = {number: b"" for number in messages}, b""
    while any(len(received[number]) < len(messages[number]) for number in messages):
        rest += link.receive_until(bool)
        while len(rest) >= 8:
            size = 8 + int.from_bytes(rest[5:8], "big")
            if len(rest) < size:
                break
            number = int.from_bytes(rest[:4], "big")
            if number in received:
                received[number] += rest[8:size]
            elif rest[:4] == b"\x80\x03\x00\x03" and int.from_bytes(rest[8:12], "big") in messages:
                raise Wrong(f"an honest stream was reset, with status {rest[15]}")
            rest = rest[size:]
    if received != messages:
        raise Wrong("other bytes came back than were sent")


def echo_streams(load):
    """A connection whose streams are echoed, all of them to the byte or cut off at some point."""
    target = load.random.choice([load.targets["echo"], load.targets["echo-tls"]])
    count = load.size(127)
    with honest(), session(load, target, streams=count + 1) as link:
        ids = link.open_streams(count)
        messages = {number: load.random.randbytes(load.size(20_000)) for number in ids}
        sent = b"".join(frames.data(number, message) for number, message in messages.items())
        whole = len(sent) < MOST_AT_ONCE
        link.send(sent[:MOST_AT_ONCE], read=False)
        load.tally.add("bytes", min(len(sent), MOST_AT_ONCE))
        if whole and load.random.random() < 0.6:
            echoed(link, messages)
            load.tally.add("checked")
        with contextlib.suppress(attacker.Ended):
            end(load, link)
    load.sleep(0.0, 0.02)


def crowd(load, server="echo"):
    """Hundreds of connections that are open at a time; one comes when another goes."""
    # The same size in each round: the memory that a peak has taken stays with a process.
    open_now, target = [], load.targets[server]
    size = CROWD // 6 if load.smoke else CROWD
    with contextlib.ExitStack() as all_of_them:
        while True:
            count = load.size(15)
            one = contextlib.ExitStack()
            all_of_them.enter_context(one)
            with honest():
                link = one.enter_context(session(load, target, streams=count + 1))
                link.open_streams(count)
            open_now.append((one, link))
            while len(open_now) > size:
                at = load.random.randrange(len(open_now))
                leaving, link = open_now[at]
                open_now[at] = open_now[-1]
                open_now.pop()
                with contextlib.suppress(attacker.Ended, OSError):
                    end(load, link)
                leaving.close()
                load.sleep(0.0, 0.02)
            load.left()


def crowd_tls(load):
    """The same over TLS."""
    crowd(load, "echo-tls")


def slow_reader(load):
    """Echoes that are not read for a while, then read to the byte, or left."""
    target = load.random.choice([load.targets["echo"], load.targets["echo-tls"]])
    with honest(), session(load, target, streams=17) as link:
        ids = link.open_streams(16)
        messages = {number: load.random.randbytes(2_000) for number in ids}
        for number, message in messages.items():
            link.send(frames.data(number, message), read=False)
        load.tally.add("faults")
        link.sleep(load.random.uniform(0.1, 1.5))
        if load.random.random() < 0.7:
            echoed(link, messages)
            load.tally.add("checked")
        with contextlib.suppress(attacker.Ended):
            end(load, link)


def kube_sessions(load):
    """Execs, attaches and forwarded connections that end in every way."""
    target = load.random.choice([load.targets["serve"], load.targets["serve-tls"]])
    kind = load.choose(execs=6, attaches=2, forwards=4)
    if kind == "execs":
        words = load.random.choice((
            ("cat",), ("cat",), ("sleep", "1000"), ("sh", "-c", "sleep 1000 & wait"),
            ("sh", "-c", "head -c 200000 /dev/zero; cat >/dev/null"), ("true",), ("no-such",),
        ))  # fmt: skip
        opening = openings.command("exec", words, tty=load.random.random() < 0.2)
    elif kind == "attaches":
        opening = openings.command("attach", stdin=False)
        opening.write = opening.read  # the stream to send on when it ends
    else:
        opening = openings.forward(load.targets["behind"].address[1])
    load.tally.add(kind)
    with session(load, target, opening, opening.replies) as link:
        terminal = opening.replies == 4
        if kind == "forwards" or (kind == "execs" and words == ("cat",) and not terminal):
            message = load.random.randbytes(load.size(30_000))
            with honest():
                link.send(frames.data(opening.write, message), read=False)
                echoed(link, {opening.read: message})
            load.tally.add("checked")
        elif load.random.random() < 0.7:
            link.pause(load.random.uniform(0.0, 0.3))
        end(load, link)
    load.sleep(0.0, 0.1)


def attacks(load):
    """Some of the attacks of test/hostile, half a second each."""
    import attacks as known  # noqa: F401  (fills the list)

    names = ATTACKS if load.smoke else ATTACKS + SLOW_ATTACKS
    attack = suite.ATTACKS[load.random.choice(names)]
    kinds = {"echo": ("echo", "echo-tls"), "exec": ("serve", "serve-tls")}
    target = load.targets[load.random.choice([n for k in attack.targets for n in kinds.get(k, ())])]
    made = attacker.Attacker(target, min(load.deadline, time.monotonic() + 0.5), load.report)
    load.tally.add("attacks")
    while time.monotonic() < made.deadline:
        try:
            attack.run(made)
        except attacker.Ended:
            time.sleep(0.01)
        except attacker.TimeIsOver:
            break
    load.sleep(0.5, 2.0)
