"""Seeds for the fuzzers out of a real session.

    record_corpus.py NAME SERVER -- CLIENT

runs SERVER, a command that prints "listening on HOST:PORT" or "listening on http://HOST:PORT", and
CLIENT, with "TARGET" in it replaced by the address of a proxy that writes down what either side
says. What was said becomes files named after NAME in corpus/, one folder a fuzzer, each in that
fuzzer's format (docs/fuzzing.md). For example, Go's spdystream on both sides:

    record_corpus.py go-go peer serve --library spdystream -- \\
        peer dial --library spdystream --streams 3 --bytes 500 TARGET
"""

import hashlib
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading
import zlib

FOLDER = pathlib.Path(__file__).resolve().parent
DICTIONARY = FOLDER.parent.parent / "lib/wire/dictionary.cpp"
DEADLINE = 60.0

# A seed should be quick to run and to mutate.
LARGEST = 6000

# Types of control frames that carry a header block, and what stands before it.
FIXED_PARTS = {1: 10, 2: 4, 8: 4}
SYN_STREAM = 1


class Recording:
    """What both sides said, in the order in which it came: (direction, bytes) pairs."""

    UP, DOWN = "up", "down"  # from the client, from the server

    def __init__(self):
        self._lock = threading.Lock()
        self._pieces = []

    def add(self, direction, data):
        with self._lock:
            self._pieces.append((direction, data))

    def all_of(self, direction):
        return b"".join(data for way, data in self._pieces if way == direction)


def pump(source, sink, recording, direction):
    try:
        while data := source.recv(65536):
            recording.add(direction, data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has gone: the other pump sees its end


def proxy_one(listener, address, recording):
    client, _ = listener.accept()
    server = socket.create_connection(address, DEADLINE)
    pumps = [
        threading.Thread(target=pump, args=(client, server, recording, Recording.UP)),
        threading.Thread(target=pump, args=(server, client, recording, Recording.DOWN)),
    ]
    for thread in pumps:
        thread.start()
    for thread in pumps:
        thread.join()
    client.close()
    server.close()


def record(server_command, client_command):
    server = subprocess.Popen(server_command, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        target = re.match(r"listening on (http://)?([^:/]+):(\d+)", line)
        if not target:
            sys.exit(f"the server does not say where it listens, but {line!r}")
        recording = Recording()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            own = f"{target[1] or ''}127.0.0.1:{listener.getsockname()[1]}"
            own += "/" if target[1] else ""
            proxy = threading.Thread(
                target=proxy_one, args=(listener, (target[2], int(target[3])), recording)
            )
            proxy.daemon = True
            proxy.start()
            command = [word.replace("TARGET", own) for word in client_command]
            code = subprocess.run(command, timeout=DEADLINE, check=False).returncode
            print(f"the client ended with {code}")
            proxy.join(DEADLINE)
        return recording
    finally:
        server.terminate()
        server.wait()


# ---- what was said


def split_head(data):
    """The HTTP head that an upgrade begins with, if there is one, and the rest."""
    if not re.match(rb"(GET|POST|HTTP/1\.1) ", data):
        return b"", data
    end = data.index(b"\r\n\r\n") + 4
    return data[:end], data[end:]


def frames(data):
    while len(data) >= 8:
        length = struct.unpack(">I", data[4:8])[0] & 0xFFFFFF
        if len(data) < 8 + length:
            return
        yield data[: 8 + length]
        data = data[8 + length :]


def beginning(data):
    """As many whole frames as a seed may have."""
    taken = b""
    for frame in frames(data):
        if len(taken) + len(frame) > LARGEST:
            break
        taken += frame
    return taken


def compressed_blocks(data):
    for frame in frames(data):
        kind = struct.unpack(">H", frame[2:4])[0]
        if frame[0] & 0x80 and kind in FIXED_PARTS:
            yield frame[8 + FIXED_PARTS[kind] :]


def inflated(blocks):
    text = DICTIONARY.read_text(encoding="utf-8")
    dictionary = bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", text))
    inflater = zlib.decompressobj(zdict=dictionary)
    for block in blocks:
        yield inflater.decompress(block)


# ---- seeds: see docs/fuzzing.md for the formats


def in_reads(data):
    """The steps of a session that receives data in reads, and sends what it has behind each."""
    steps = b""
    for frame in frames(data):
        steps += b"\0" + struct.pack(">H", len(frame)) + frame  # from the peer
        steps += b"\1\0\0" + b"\5" + b"\2\0\0"  # deliver all, a turn, take all output
    return steps


def seeds(recording):
    """(fuzzer, content) pairs."""
    for direction in (Recording.UP, Recording.DOWN):
        head, stream = split_head(recording.all_of(direction))
        if head:
            yield "http_head", b"\7" + head + stream[:8]
        start = beginning(stream)
        if not start:
            continue  # the upgrade was refused
        yield "frame_decoder", b"\0\7" + start
        yield "round_trip", b"\5" + start
        blocks = list(compressed_blocks(start))
        for block in inflated(blocks):
            yield "header_block", b"\0" + block
        sized = b"".join(struct.pack(">H", len(block)) + block for block in blocks)
        if sized:
            yield "header_block", b"\3\xff\xff" + sized

    _, up = split_head(recording.all_of(Recording.UP))
    _, down = split_head(recording.all_of(Recording.DOWN))
    if not up or not down:
        return
    accept, close = 0x04, 0x03
    yield "server_session", bytes([accept, close, 0]) + in_reads(beginning(up))
    created = sum(1 for frame in frames(up) if frame[:4] == bytes([0x80, 3, 0, SYN_STREAM]))
    created = min(created, 7)
    # Two bytes choose each stream: an ordinary one, with one header.
    start = bytes([0, close, created]) + b"\0\1" * created
    yield "client_session", start + b"\2\0\0" + in_reads(beginning(down))


def main():
    arguments = sys.argv[1:]
    if len(arguments) < 4 or "--" not in arguments[2:-1]:
        sys.exit(__doc__)
    name, commands = arguments[0], arguments[1:]
    at = commands.index("--")
    recording = record(commands[:at], commands[at + 1 :])
    for fuzzer, content in seeds(recording):
        folder = FOLDER / "corpus" / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(content).hexdigest()[:8]
        if any(folder.glob(f"*-{digest}")):
            continue  # another session has said the same
        (folder / f"{name}-{digest}").write_bytes(content)
        print(f"{fuzzer}: {name}-{digest}, {len(content)} bytes")


main()
