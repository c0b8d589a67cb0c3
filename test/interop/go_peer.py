"""The Go peer (go/README.md): built once, or the reason why it cannot be."""

import fcntl
import functools
import os
import pathlib
import re
import shutil

from peers import PeerTestCase, program, run

SOURCES = pathlib.Path(__file__).parent / "go"
# Kubernetes' libraries, none of which is compiled yet, on a machine that has other work.
COMPILING = 240.0


class Missing(Exception):
    """What it takes to build the Go peer is not here."""


def check_go_version():
    if not shutil.which("go"):
        raise Missing("go is not on the PATH")
    needed = re.search(r"^go (\S+)$", (SOURCES / "go.mod").read_text(), re.M).group(1)
    version = run(["go", "env", "GOVERSION"], env=go_environment(), cwd=SOURCES)
    there = version.stdout.decode().strip()
    if version.returncode != 0 or numbers(there) < numbers(needed):
        raise Missing(f"go {needed} or newer is needed; here is {there or 'something older'}")


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def go_environment():
    # The Go that is installed and the modules that go.sum names: neither changes under our feet.
    return dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")


@functools.lru_cache(maxsize=None)
def build_peer():
    """The path of the Go peer, or why there is none: asked for by each test, done once."""
    try:
        check_go_version()
    except Missing as missing:
        return None, str(missing)
    command = ["go", "mod", "download"]
    download = run(command, env=go_environment(), cwd=SOURCES, timeout=COMPILING)
    if download.returncode != 0:
        return None, "its modules cannot be had: " + " ".join(download.stderr.decode().split())
    peer = pathlib.Path(program("UVSPDY_INTEROP_BUILD")) / "go-peer"
    built = peer.with_suffix(".built")
    # Modules run side by side: one compiles, which takes a minute the first time, the others wait.
    with open(peer.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # This leaves alone what is up to date; what runs is a copy, which goes on if it is not.
        command = ["go", "build", "-o", str(built), "."]
        build = run(command, env=go_environment(), cwd=SOURCES, timeout=COMPILING)
        if build.returncode != 0:
            raise AssertionError(f"the Go peer does not build:\n{build.stderr.decode()}")
        if not peer.exists() or peer.stat().st_mtime != built.stat().st_mtime:
            new = peer.with_suffix(".new")
            shutil.copy2(built, new)
            new.replace(peer)
    return str(peer), None


class GoTestCase(PeerTestCase):
    library = None

    def setUp(self):
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)

    def start_their_server(self):
        return self.serve(self.peer, "serve", "--library", self.library)

    def run_their_client(self, command, target, *options, data=None):
        return run([self.peer, command, "--library", self.library, *options, target], data)
