"""The Node peer (node/README.md): installed once, or the reason why it cannot be."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

from peers import PeerTestCase, program, run

SOURCES = pathlib.Path(__file__).parent / "node"
PACKAGE_FILES = ["package.json", "package-lock.json"]


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def missing_program():
    for name in "node", "npm":
        if not shutil.which(name):
            return f"{name} is not on the PATH"
    needed = json.loads((SOURCES / "package.json").read_text())["engines"]["node"]
    there = run(["node", "--version"]).stdout.decode().strip()
    if numbers(there) < numbers(needed):
        return f"node {needed} is needed; here is {there or 'none that runs'}"
    return None


def install_packages(folder):
    """What the lock file names, exactly. Done anew only when that has changed."""
    names = "".join((SOURCES / name).read_text() for name in PACKAGE_FILES)
    installed = folder / "installed"
    if installed.exists() and installed.read_text() == names:
        return None
    for name in PACKAGE_FILES:
        shutil.copy(SOURCES / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        result = run(command, cwd=folder, env=dict(os.environ, npm_config_update_notifier="false"))
    except subprocess.TimeoutExpired as expired:
        return f"its packages cannot be had: {expired}"
    if result.returncode != 0:
        return "its packages cannot be had: " + " ".join(result.stderr.decode().split())
    installed.write_text(names)
    return None


@functools.lru_cache(maxsize=None)
def install_peer():
    """The path of the Node peer, or why there is none: asked for by each test, done once."""
    missing = missing_program()
    if missing:
        return None, missing
    # Node looks for packages in the folder of the program, so the program goes where they are.
    folder = pathlib.Path(program("UVSPDY_INTEROP_BUILD")) / "node-peer"
    folder.mkdir(exist_ok=True)
    missing = install_packages(folder)
    if missing:
        return None, missing
    for source in SOURCES.glob("*.js"):
        shutil.copy(source, folder)
    return str(folder / "peer.js"), None


class NodeTestCase(PeerTestCase):
    def setUp(self):
        peer, missing = install_peer()
        if missing:
            self.skipTest(missing)
        self.peer = ["node", peer]

    def start_their_server(self, *options):
        return self.serve(*self.peer, "serve", *options)

    def run_their_client(self, command, target, *options, data=None):
        return run([*self.peer, command, *options, target], data)
