"""What programs of ours read from files and archives: tars that a pod sends, kubeconfigs and what
they name, captures and recordings."""

import functools
import struct
import tarfile

import captures
import frames
import openings
import recorded_session
import spdy
from suite import program_attack
from tars import Archive

on_cp = functools.partial(program_attack, group="cp")
on_kubeconfig = functools.partial(program_attack, group="kubeconfig", go=False)
on_dump = functools.partial(program_attack, group="dump", go=False)


# ---- cp


@on_cp("cp-absolute", "a file with an absolute name")
def _(victim):
    return victim.cp(Archive().folder("x").add(f"{victim.outside}/file", data=b"evil").finished())


@on_cp("cp-up", "a file whose name leads up and out")
def _(victim):
    name = f"x/../../../../../../../..{victim.outside}/file"
    return victim.cp(Archive().folder("x").add(name, data=b"evil").finished())


@on_cp("cp-not-asked", "a file that was not asked for")
def _(victim):
    return victim.cp(Archive().folder("x").add("y", data=b"evil").finished())


@on_cp("cp-through-link", "a file in a symbolic link that leads out")
def _(victim):
    archive = Archive().folder("x").symlink("x/link", victim.outside)
    return victim.cp(archive.add("x/link/file", data=b"evil").finished())


@on_cp("cp-top-link", "the target itself as a symbolic link that leads out")
def _(victim):
    archive = Archive().symlink("x", victim.outside).add("x/file", data=b"evil")
    return victim.cp(archive.finished())


@on_cp("cp-link-chain", "symbolic links of symbolic links, and a file behind them")
def _(victim):
    archive = Archive().folder("x").symlink("x/a", victim.outside)
    for number in range(40):
        archive.symlink(f"x/{number}", "a" if not number else f"{number - 1}")
    return victim.cp(archive.add("x/39/file", data=b"evil").finished())


@on_cp("cp-hard-link", "a hard link to a file elsewhere, and content for it")
def _(victim):
    archive = Archive().folder("x").hardlink("x/mine", f"{victim.outside}/file")
    return victim.cp(archive.add("x/mine", data=b"evil").finished())


@on_cp("cp-hard-link-through-link", "a hard link through a symbolic link", succeeds=True)
def _(victim):
    archive = Archive().folder("x").symlink("x/link", victim.outside)
    archive.hardlink("x/mine", "x/link/file")
    return victim.cp(archive.add("x/mine", data=b"evil").finished())


@on_cp("cp-devices", "devices and fifos", succeeds=True)
def _(victim):
    archive = Archive().folder("x")
    for number in range(1000):
        archive.add(f"x/null{number}", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
        archive.add(f"x/fifo{number}", tarfile.FIFOTYPE)
    return victim.cp(archive.finished())


@on_cp("cp-names-for-terminals", "names that a terminal obeys", succeeds=True)
def _(victim):
    archive = Archive().folder("x")
    return victim.cp(archive.add("x/\x1b[2J\u202e\x07\x9b", tarfile.FIFOTYPE).finished())


@on_cp("cp-setuid", "a folder and a file with every right", succeeds=True)
def _(victim):
    archive = Archive().folder("x", mode=0o7777).add("x/file", data=b"evil", mode=0o7777)
    return victim.cp(archive.finished())


@on_cp("cp-size-lies", "a file that claims 2^62 bytes")
def _(victim):
    return victim.cp(Archive().add("x", size=1 << 62).finished())


@on_cp("cp-size-negative", "a file of a negative size")
def _(victim):
    data = bytearray(Archive().add("x").finished())
    data[124:136] = b"\xff" * 12
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return victim.cp(bytes(data))


def endless(piece):
    """A session that sends stdout without end."""
    return lambda session: session.flood(frames.data(session.stream["stdout"], piece))


def begin_and_flood(victim, begin, piece):
    def session(session):
        session.send(frames.data(session.stream["stdout"], begin))
        endless(piece)(session)

    return victim.cp_session(session)


@on_cp("cp-pax-endless", "a pax header that claims 2^62 bytes and never ends")
def _(victim):
    begin = Archive().add("pax", tarfile.XHDTYPE, size=1 << 62).unfinished()
    return begin_and_flood(victim, begin, b"99 path=x" * 1000)


@on_cp("cp-pax-headers-endless", "pax headers of 1 KB, one after another", ends=False)
def _(victim):
    record = b"1000 comment=" + b"x" * 986 + b"\n"
    piece = Archive().add("pax", tarfile.XHDTYPE, data=record).unfinished()
    return victim.cp_session(endless(piece * 8))


@on_cp("cp-long-name-endless", "a GNU long name that never ends")
def _(victim):
    begin = Archive().add("././@LongLink", b"L", size=1 << 40).unfinished()
    return begin_and_flood(victim, begin, b"x" * 16384)


@on_cp("cp-long-names-endless", "GNU long names, one after another", ends=False)
def _(victim):
    piece = Archive().add("././@LongLink", b"L", data=b"x" * 1000).unfinished()
    return victim.cp_session(endless(piece * 8))


@on_cp("cp-padding-endless", "zeros behind the end, without end")
def _(victim):
    begin = Archive().folder("x").add("x/file", data=b"fine").finished()
    return begin_and_flood(victim, begin, bytes(16384))


@on_cp("cp-many-files", "50,000 empty files", ends=False, succeeds=True)
def _(victim):
    archive = Archive().folder("x")
    for number in range(50_000):
        archive.add(f"x/{number}")
    return victim.cp(archive.finished())


@on_cp("cp-deep", "a folder in a folder, 2,000 deep", ends=False)
def _(victim):
    archive, name = Archive().folder("x"), "x"
    for _ in range(2000):
        name += "/d"
        archive.folder(name)
    return victim.cp(archive.finished())


@on_cp("cp-sparse", "a sparse file of 8 EiB of holes")
def _(victim):
    header = Archive().add("x", b"S", size=0).unfinished()
    data = bytearray(header)
    data[386:410] = b"%011o\0" % 0 + b"%011o\0" % 0
    data[483:495] = b"\x80" + bytes(3) + struct.pack(">Q", (1 << 63) - 1)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return victim.cp(bytes(data) + bytes(10240))


@on_cp("cp-cut", "an archive that ends inside of a file")
def _(victim):
    return victim.cp(Archive().folder("x").add("x/file", data=bytes(100_000)).unfinished()[:5000])


@on_cp("cp-no-archive", "no archive but zlib's", ends=True)
def _(victim):
    return victim.cp(b"\x1f\x8b\x08" + bytes(100_000))


@on_cp("cp-silent", "a tar that says nothing and never ends", ends=False)
def _(victim):
    return victim.cp_session(lambda session: session.drain())


# ---- kubeconfigs


@on_kubeconfig("kubeconfig-aliases", "aliases of aliases: 3^30 nodes in a kilobyte")
def _(victim):
    lines = ["a0: &a0 [x, x, x]"]
    for number in range(1, 30):
        lines.append(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}, *a{number - 1}]")
    return victim.with_kubeconfig("\n".join(lines).encode() + b"\nclusters: *a29\n")


@on_kubeconfig("kubeconfig-deep", "100,000 lists in each other")
def _(victim):
    return victim.with_kubeconfig(b"[" * 100_000)


@on_kubeconfig("kubeconfig-deep-maps", "20,000 maps in each other")
def _(victim):
    return victim.with_kubeconfig(b"{a: " * 20_000)


@on_kubeconfig("kubeconfig-cycle", "an alias of what it is in")
def _(victim):
    return victim.with_kubeconfig(b"clusters: &a [*a]\ncontexts: *a\n")


@on_kubeconfig("kubeconfig-long-line", "one word of 50 MB", memory=256 << 20)
def _(victim):
    return victim.with_kubeconfig(b"kind: " + b"x" * 50_000_000)


@on_kubeconfig("kubeconfig-bytes", "bytes that are no UTF-8, and NUL")
def _(victim):
    return victim.with_kubeconfig(b"kind: \xff\xfe\0\x1b[2J\nclusters: \x80\n")


def config(cluster="", user=""):
    return (
        f"kind: Config\nclusters:\n- name: c\n  cluster: {{{cluster}}}\n"
        f"users:\n- name: u\n  user: {{{user}}}\n"
        "contexts:\n- name: x\n  context: {cluster: c, user: u}\ncurrent-context: x\n"
    ).encode()


SERVER = "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true"


@on_kubeconfig("kubeconfig-name-for-terminals", "names that a terminal obeys")
def _(victim):
    return victim.with_kubeconfig(b'current-context: "\\e[2J\\u202e\\a"\nkind: Config\n')


@on_kubeconfig("kubeconfig-token-file-endless", "a token file that is /dev/zero")
def _(victim):
    return victim.with_kubeconfig(config(SERVER, "tokenFile: /dev/zero"))


@on_kubeconfig("kubeconfig-ca-endless", "a CA that is /dev/zero")
def _(victim):
    url = "server: 'https://127.0.0.1:1', certificate-authority: /dev/zero"
    return victim.with_kubeconfig(config(url))


@on_kubeconfig("kubeconfig-endless", "a kubeconfig that is /dev/zero")
def _(victim):
    command = victim.with_kubeconfig(b"")
    return ["/dev/zero" if word.endswith("/kubeconfig") else word for word in command]


@on_kubeconfig("plugin-endless", "a credential plugin that prints without end")
def _(victim):
    return plugin(victim, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxx; done")


@on_kubeconfig("plugin-deep", "a credential plugin that prints JSON 100,000 deep")
def _(victim):
    victim.file(b"[" * 100_000, "cred.json")
    return plugin(victim, f"cat {victim.folder}/cred.json")


@on_kubeconfig("plugin-silent", "a credential plugin that never ends", ends=False)
def _(victim):
    return plugin(victim, "exec sleep 1000")


@on_kubeconfig("plugin-for-terminals", "a credential plugin that fails with what a terminal obeys")
def _(victim):
    return plugin(victim, "printf '{\"kind\":\"\\033[2J\\342\\200\\256\"}'")


def plugin(victim, script):
    path = victim.file(f"#!/bin/sh\n{script}\n".encode(), "credentials")
    (victim.folder / "credentials").chmod(0o700)
    user = (
        f"exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{path}', "
        "interactiveMode: Never}"
    )
    return victim.with_kubeconfig(config(SERVER, user))


# ---- dump


def recording(*parts):
    """What a client has sent, of a connection with an upgrade."""
    return recorded_session.REQUEST_HEAD + openings.echo().frames + b"".join(parts)


@on_dump("dump-bombs", "20,000 HEADERS that inflate to 126 KiB", ends=False, output=True)
def _(victim):
    bomb = frames.headers(1, frames.bomb())
    return victim.dump(victim.file(recording(bomb * 20_000)))


@on_dump("dump-block-too-long", "HEADERS that inflate to 100 MB", output=True)
def _(victim):
    return victim.dump(victim.file(recording(frames.headers(1, frames.bomb(100 << 20)))))


@on_dump("dump-count-lies", "SETTINGS that claim 2^29 entries", output=True)
def _(victim):
    return victim.dump(victim.file(recording(frames.settings((7, 1), count=1 << 29))))


@on_dump("dump-for-terminals", "headers that a terminal obeys", succeeds=True, output=True)
def _(victim):
    block = frames.block((b"a", b"\x1b[2J\x07\xe2\x80\xae\x9b"))
    return victim.dump(victim.file(recording(frames.headers(1, block))))


@on_dump("dump-frame-too-long", "a control frame of 16 MiB that is not there", output=True)
def _(victim):
    return victim.dump(victim.file(recording(frames.control(8, 1, length=0xFFFFFF))))


@on_dump("dump-garbage", "a megabyte of anything", output=True, succeeds=True)
def _(victim):
    return victim.dump(victim.file(bytes(range(256)) * 4096))


@on_dump("dump-endless", "/dev/zero", ends=False, output=True)
def _(victim):
    return victim.dump("/dev/zero")


@on_dump("dump-head-endless", "an HTTP head that never ends: 50 MB", output=True)
def _(victim):
    return victim.dump(victim.file(b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000_000))


@on_dump("dump-pcap-length-lies", "a packet that claims 4 GB", output=True)
def _(victim):
    data = captures.Capture().data + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)
    return victim.dump(victim.file(data))


@on_dump("dump-pcapng-block-zero", "pcapng blocks of no length", output=True)
def _(victim):
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    return victim.dump(victim.file(section + struct.pack("<III", 6, 0, 0) * 1000))


@on_dump("dump-many-connections", "100,000 connections that begin and never end", output=True,
         memory=256 << 20)  # fmt: skip
def _(victim):
    capture = captures.Capture()
    for number in range(100_000):
        client = (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 40000)
        connection = captures.Connection(capture, client=client)
        capture.add(connection.packet(captures.CLIENT, -1, captures.SYN))
    return victim.dump(victim.file(capture.data))


@on_dump("dump-holes", "20,000 segments out of order behind a hole", output=True,
         memory=64 << 20)  # fmt: skip
def _(victim):
    capture = captures.Capture()
    connection = captures.Connection(capture).open()
    connection.send(captures.CLIENT, recording())
    for number in range(20_000):
        connection.segment(captures.CLIENT, 1_000_000 + 2000 * number, bytes(1000))
    return victim.dump(victim.file(capture.data))


@on_dump("dump-overlaps", "segments that contradict each other", output=True, succeeds=True)
def _(victim):
    capture = captures.Capture()
    connection = captures.Connection(capture).open()
    data = recording(frames.ping(1) * 100)
    connection.send(captures.CLIENT, data)
    for at in range(0, len(data), 7):
        connection.segment(captures.CLIENT, at, b"evil" * 10)
    return victim.dump(victim.file(capture.data))
