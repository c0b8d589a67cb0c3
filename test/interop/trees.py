"""Folders to copy, and what a copy of one must have in common with it."""

import hashlib
import os
import stat

from exec_cases import random_bytes

MTIME = 1_000_000_000

# As bytes: not every name is text.
ODD_NAMES = [
    b"a space", b" ", b"-rf", b"--help", b"@archive", b"*", b"?", b"[a]", b"a\\nb", b"a\\\\b",
    b"new\nline", b"tab\there", b"'quoted'", b'"double"', b"$(touch x)", b"`id`", b";ls", b"a:b",
    b"#x", b"~", b"%41", "Gr\u00fc\u00dfe".encode(), b"\xff\xfe not UTF-8", b"...", b".hidden",
    b"n" * 200, b"esc\x1b[31m",
]  # fmt: skip


def make(folder, odd_names=tuple(ODD_NAMES)):
    """Files of some sizes and modes, folders, links of both kinds, names of all kinds."""
    folder.mkdir()
    for size in (0, 1, 511, 512, 513, 10_240, 100_000):
        (folder / f"{size} bytes").write_bytes(random_bytes(size) if size else b"")
    deep = folder / "sub" / ("d" * 150) / ("e" * 150)
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep down")
    (folder / "empty folder").mkdir()
    odd = os.fsencode(folder / "odd names")
    os.mkdir(odd)
    for number, name in enumerate(odd_names):
        with open(os.path.join(odd, name), "wb") as file:
            file.write(b"%d" % number)
    for mode in (0o400, 0o444, 0o640, 0o755, 0o777):
        file = folder / f"mode {mode:o}"
        file.write_text(f"{mode:o}")
        file.chmod(mode)
    (folder / "to a file").symlink_to("1 bytes")
    (folder / "to a folder").symlink_to("sub")
    (folder / "to nothing").symlink_to("not there")
    (folder / "absolute").symlink_to("/etc/hostname")
    os.link(folder / "511 bytes", folder / "sub" / "the same 511 bytes")
    (folder / "closed").mkdir()
    (folder / "closed" / "file").write_text("in a folder that nobody writes to")
    (folder / "closed").chmod(0o550)
    set_times(folder)
    return folder


def set_times(folder):
    """Each another one, the inner ones first."""
    paths = [path for path, _ in _walk(os.fsencode(folder))]
    for number, path in enumerate(reversed(paths)):
        os.utime(path, (MTIME, MTIME + number), follow_symlinks=False)


def summary(folder, modes=True, times=True):
    """By name: kind, mode, time to the second, content; files that are one say so."""
    names, top = {}, os.fsencode(folder)
    first_names = {}
    for path, status in _walk(top):
        kind = stat.S_IFMT(status.st_mode)
        content = None
        if kind == stat.S_IFREG:
            with open(path, "rb") as file:
                content = (status.st_size, hashlib.sha256(file.read()).hexdigest())
        elif kind == stat.S_IFLNK:
            content = os.readlink(path)
        name = os.path.relpath(path, top)
        link = kind == stat.S_IFLNK
        names[name] = (
            kind,
            stat.S_IMODE(status.st_mode) if modes and not link else None,
            int(status.st_mtime) if times else None,
            content,
            first_names.setdefault(status.st_ino, name) if kind == stat.S_IFREG else None,
        )
    return names


def _walk(path):
    """Everything in a folder, itself first."""
    status = os.lstat(path)
    yield path, status
    if stat.S_ISDIR(status.st_mode):
        for name in sorted(os.listdir(path)):
            yield from _walk(os.path.join(path, name))
