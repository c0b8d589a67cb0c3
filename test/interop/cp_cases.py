"""What the tests of `uvspdy cp` have in common."""

import os
import shutil

import trees
from peers import DEADLINE, PeerTestCase, program, run, wait_until

UVSPDY = program("UVSPDY_COMMAND")

# What copying runs on the other side.
COMMANDS = ["tar", "test", "wc", "mv", "cp", "rm", "find", "chmod", "sh", "cat"]
COMMANDS += ["ln", "mkdir", "rmdir", "stat", "chown", "touch"]  # to merge folders
TEMPORARY = ".uvspdy-cp-"


class CpTestCase(PeerTestCase):
    """A folder `here` and a folder `there`: it is one machine, but cp does not know."""

    def setUp(self):
        super().setUp()
        self.here = self.folder()
        self.there = self.folder()
        self.addCleanup(self.make_removable, self.here)
        self.addCleanup(self.make_removable, self.there)

    def make_removable(self, folder):
        for path, _, _ in os.walk(folder):
            os.chmod(path, 0o700)

    def serve_commands(self, **scripts):
        """A server whose commands are others': `tar="exec busybox tar"` is a script."""
        commands = self.folder()
        for name, script in scripts.items():
            file = commands / name
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)
        path = f"{commands}:{os.environ['PATH']}"
        return self.serve("env", f"PATH={path}", UVSPDY, "serve")

    def command(self, *words, server=None):
        target = server if isinstance(server, str) else (server or self.server).target
        return [UVSPDY, "cp", "-s", target, *map(self.word, words)]

    @staticmethod
    def word(word):
        return word if isinstance(word, bytes) else os.fsencode(word)

    def cp(self, *words, server=None, **options):
        return run(self.command(*words, server=server), **options)

    def remote(self, *parts):
        """A path in `there` as cp has it."""
        return b"uvspdy:" + os.path.join(os.fsencode(self.there), *map(self.word, parts))

    def check_copied(self, result, said="", code=0):
        """With nothing on stderr but lines that are `said`, a pattern for each of them."""
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        self.assertRegex(result.stderr.decode(errors="replace"), rf"\A(?:(?:{said})\n)*\Z")
        if said:
            self.assertNotEqual(result.stderr, b"")
        self.check_no_leftovers()

    def check_failed(self, result, pattern, code=1):
        """The last line says why."""
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        last = result.stderr.decode(errors="replace").splitlines()[-1]
        self.assertRegex(last, f"^(?:uvspdy cp|Error from server|error)\\b.*(?:{pattern})")

    def leftovers(self, *folders):
        found = []
        for folder in folders or (self.here, self.there):
            for path, folders, files in os.walk(folder):
                names = [name for name in folders + files if TEMPORARY in name]
                found += [os.path.join(path, name) for name in names]
        return found

    def check_no_leftovers(self):
        self.assertEqual(self.leftovers(), [])

    def wait_for_no_leftovers(self):
        wait_until(lambda: not self.leftovers(), "temporary folders to be removed")

    def check_same(self, actual, expected, **options):
        self.maxDiff = None
        self.assertEqual(trees.summary(actual, **options), trees.summary(expected, **options))


def find_tars():
    """Scripts for the commands of the other side, by whose they are; None: they are missing."""
    tars = {"GNU": {}}
    busybox, bsdtar = shutil.which("busybox"), shutil.which("bsdtar")
    tars["BusyBox"] = busybox and {name: f'exec {busybox} {name} "$@"' for name in COMMANDS}
    tars["BSD"] = bsdtar and {"tar": f'exec {bsdtar} "$@"'}
    return tars


__all__ = ["COMMANDS", "CpTestCase", "DEADLINE", "TEMPORARY", "UVSPDY", "find_tars"]
