"""Load of uvspdy's own commands: exec, cp and port-forward that end, break, stop and go on."""

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import links
import peers
import trees
from load import PATIENCE, Wrong

CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
FAULTS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def command(target, verb, *words, url=None):
    tls = ["--insecure-skip-tls-verify"] if target.tls else []
    server = url or target.server.target
    return [peers.program("UVSPDY_COMMAND"), verb, *tls, "-s", server, *words]


def any_server(load):
    return load.targets[load.choose(**{"serve": 3, "serve-tls": 1})]


def finished(process, what, code=0):
    """The output of a client that must end well."""
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Wrong(f"{what} hangs: not over after {PATIENCE:.0f} s") from None
    finally:
        peers.stop(process)
    if process.returncode != code:
        raise Wrong(f"{what} ended with {process.returncode}, not {code}: {errors[-500:]!r}")
    return output


def stop_and_go_on(load, process):
    """SIGSTOP for a while, at a moment of chance."""
    time.sleep(load.random.uniform(0.0, 0.05))
    process.send_signal(signal.SIGSTOP)
    time.sleep(load.random.uniform(0.1, 1.0))
    process.send_signal(signal.SIGCONT)
    load.tally.add("faults")


def broken(load, process):
    """Ended by a signal at a moment of chance, perhaps in the middle of a stop."""
    time.sleep(load.random.uniform(0.0, 0.3))
    if load.random.random() < 0.3:
        process.send_signal(signal.SIGSTOP)
        time.sleep(load.random.uniform(0.0, 0.3))
    process.send_signal(load.random.choice(FAULTS))
    process.send_signal(signal.SIGCONT)
    load.tally.add("faults")
    peers.wait_until(lambda: process.poll() is not None, "a client to end by a signal")
    errors = process.stderr.read()
    peers.stop(process)
    if -process.returncode in CRASHES or b"Sanitizer" in errors:
        raise Wrong(f"a client ended with {process.returncode}: {errors[-2000:]!r}")


def execs(load):
    """`uvspdy exec`: all bytes there and back, an exit code, or broken off."""
    target, how = any_server(load), load.choose(cat=4, code=2, broken=4)
    load.tally.add("execs")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if how == "code":
        code = load.random.randrange(256)
        words = command(target, "exec", "uvspdy", "--", "sh", "-c", f"exit {code}")
        finished(peers.start(words, **{**pipes, "stdin": subprocess.DEVNULL}), "an exec", code)
        load.tally.add("checked")
    elif how == "broken":
        script = load.random.choice(("sleep 1000", "cat", "cat /dev/zero", "sleep 1000 & wait"))
        words = command(target, "exec", "-i", "uvspdy", "--", "sh", "-c", script)
        pipes["stdout"] = subprocess.DEVNULL
        broken(load, peers.start(words, **pipes))
    else:
        data = load.random.randbytes(load.size(2 << 20))
        file = load.folder / "input"
        file.write_bytes(data)
        words = command(target, "exec", "-i", "uvspdy", "--", "cat")
        with open(file, "rb") as stdin:
            process = peers.start(words, **{**pipes, "stdin": stdin})
        if load.random.random() < 0.4:
            stop_and_go_on(load, process)
        if finished(process, "an exec of cat") != data:
            raise Wrong(f"an exec of cat: {len(data)} bytes came back changed")
        load.tally.add("bytes", len(data))
        load.tally.add("checked")


def copies(load):
    """`uvspdy cp`, to and from; whole, over a connection that is cut, or broken off."""
    target, how = any_server(load), load.choose(whole=4, cut=2, broken=3)
    load.tally.add("copies")
    source, copy = load.folder / "tree", load.folder / "copy"
    make_tree(load, source)
    with contextlib.ExitStack() as stack:
        stack.callback(remove, load.folder)
        if how == "cut":
            target = load.targets["serve"]
            link = stack.enter_context(links.Links()).open(
                target.address, cut_at=4096 + load.size(1 << 17), for_good=False,
                cuts=load.random.randrange(1, 3), reset=load.random.random() < 0.5,
            )  # fmt: skip
            words = command(target, "cp", "--retries", "5", f"uvspdy:{source}", str(copy),
                            url=link.target)  # fmt: skip
            load.tally.add("faults")
        else:
            ends = [f"uvspdy:{source}", str(copy)]
            if load.random.random() < 0.5:
                ends = [str(source), f"uvspdy:{copy}"]
            words = command(target, "cp", *ends)
        process = peers.start(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)  # fmt: skip
        if how == "broken":
            return broken(load, process)
        if how == "whole" and load.random.random() < 0.3:
            stop_and_go_on(load, process)
        finished(process, f"a copy ({how})")
        if trees.summary(source) != trees.summary(copy):
            raise Wrong(f"a copy ({how}) differs")
        load.tally.add("checked")


def make_tree(load, folder):
    folder.mkdir()
    for number in range(load.size(31)):
        (folder / f"{number}").write_bytes(load.random.randbytes(load.size(1 << 17)))


def remove(folder):
    """What a copy has left. A tar that still unpacks there has the name of no folder any more."""
    for name in os.listdir(folder):
        gone = folder.parent / f"gone-{time.monotonic_ns()}"
        os.rename(folder / name, gone)
        if gone.is_dir():
            shutil.rmtree(gone, ignore_errors=True)
        else:
            gone.unlink()


def port_forwards(load):
    """A `uvspdy port-forward` that starts, forwards some connections, and is ended by a signal."""
    port = load.targets["behind"].address[1]
    ports = ["--address", "127.0.0.1", f":{port}"]
    words = command(any_server(load), "port-forward", "uvspdy", *ports)
    process = peers.start(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)  # fmt: skip
    line = process.stdout.readline()
    found = re.match(rb"Forwarding from 127\.0\.0\.1:(\d+) ", line)
    if not found:
        peers.stop(process)
        raise Wrong(f"port-forward began with {line!r}")
    address, held = ("127.0.0.1", int(found[1])), []
    for _ in range(load.size(15)):
        held.append(forwarded(load, address))
    broken(load, process)
    for connection in held:
        connection.close()


def forwarded(load, address):
    """A connection through a forwarded port, which has echoed a message."""
    load.tally.add("forwards")
    connection = socket.create_connection(address, PATIENCE)
    connection.settimeout(PATIENCE)
    message = load.random.randbytes(load.size(30_000))
    try:
        connection.sendall(message)
        back = bytearray()
        while len(back) < len(message):
            piece = connection.recv(65536)
            if not piece:
                raise Wrong(f"a forwarded connection ended after {len(back)} of {len(message)}")
            back += piece
    except OSError as error:
        raise Wrong(f"a forwarded connection: {error}") from None
    if back != message:
        raise Wrong("a forwarded connection brought other bytes back")
    load.tally.add("checked")
    return connection


def tcp_clients(load):
    """Connections through the port-forward that runs all the time: reset, half-closed, not read."""
    connection = forwarded(load, load.targets["port-forward"].address)
    with connection:
        how = load.choose(close=3, reset=3, half=3, unread=2)
        load.tally.add("faults", how in ("reset", "unread"))
        if how == "half":
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1):
                raise Wrong("a forwarded connection brought more than was sent")
        elif how == "unread":
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection.send(bytes(65536))
            load.sleep(0.0, 0.5)
        if how in ("reset", "unread"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    load.sleep(0.0, 0.05)
