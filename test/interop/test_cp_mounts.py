"""`uvspdy cp` where a copy goes to several file systems, as in a pod with volumes."""

import os
import pathlib
import shutil
import signal
import subprocess

from cp_cases import COMMANDS, DEADLINE, UVSPDY, CpTestCase
from exec_cases import random_bytes
from peers import run, wait_until

# A mount namespace of the test's own; who is not root gets one with a user namespace.
NAMESPACE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
SIZE = 300_000


def may_mount():
    if not shutil.which("unshare"):
        return False
    return run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]).returncode == 0


class MountsTestCase(CpTestCase):
    def setUp(self):
        super().setUp()
        if not may_mount():
            self.skipTest("nothing can be mounted, not even in a user namespace (unshare -Urm)")

    @staticmethod
    def mount(*folders):
        return "; ".join(f"mount -t tmpfs -o mode=755 none '{folder}'" for folder in folders)

    @staticmethod
    def make_read_only(folder):
        return f"mount --bind '{folder}' '{folder}'; mount -o remount,bind,ro '{folder}'"

    def make_source(self, folder):
        """What is merged into a folder, with content for each file system."""
        for name in ("", "data", "data/deep", "new"):
            (folder / name).mkdir()
            (folder / name / "file").write_bytes(random_bytes(SIZE))
        (folder / "data" / "link").symlink_to("file")
        (folder / "data" / "closed").mkdir(mode=0o550)
        return folder


class Uploads(MountsTestCase):
    def serve_in_namespace(self, mounts, **scripts):
        """The pod: `self.there` as the pod sees it is at `self.seen`."""
        commands = self.folder()
        for name, script in scripts.items():
            (commands / name).write_text(f"#!/bin/sh\n{script}\n")
            (commands / name).chmod(0o755)
        path = f"{commands}:{os.environ['PATH']}"
        script = f"set -e; {mounts}; PATH='{path}' exec '{UVSPDY}' serve"
        self.server = self.serve(*NAMESPACE, "sh", "-c", script)
        self.seen = pathlib.Path(f"/proc/{self.server.process.pid}/root{self.there}")

    def check_uploaded(self):
        source = self.here / "site"
        result = self.cp(source, self.remote())
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        self.check_same(self.seen / "site", source, times=False)
        self.check_same(self.seen / "site" / "data" / "deep", source / "data" / "deep")
        self.check_same(self.seen / "site" / "new", source / "new")
        self.assertEqual(self.leftovers(self.seen), [])

    def prepare(self):
        self.make_source(self.here / "site")
        (self.there / "site" / "data").mkdir(parents=True)
        return self.there / "site"

    def test_a_volume(self):
        site = self.prepare()
        self.serve_in_namespace(self.mount(site))
        self.check_uploaded()

    def test_a_volume_in_a_volume(self):
        site = self.prepare()
        for scripts in ({}, {"cp": self.without_hard_links()}, self.busybox()):
            with self.subTest(scripts=list(scripts)):
                data = site / "data"
                mounts = f"{self.mount(site)}; mkdir '{data}'; {self.mount(data)}"
                self.serve_in_namespace(mounts, **scripts)
                self.check_uploaded()
                self.check_uploaded()  # on top of it

    @staticmethod
    def without_hard_links():
        """As on SMB, FUSE and FAT."""
        return 'case $1 in -*l*) echo "no hard links" >&2; exit 1;; esac; exec /bin/cp "$@"'

    @staticmethod
    def busybox():
        path = shutil.which("busybox")
        if not path:
            return {}
        return {name: f'exec {path} {name} "$@"' for name in COMMANDS}

    def test_a_read_only_root_and_a_volume(self):
        site = self.prepare()
        for scripts in ({}, self.busybox()):
            with self.subTest(scripts=list(scripts)):
                mounts = f"{self.make_read_only(self.there)}; {self.mount(site)}"
                self.serve_in_namespace(mounts, **scripts)
                self.check_uploaded()

    def test_a_volume_in_a_folder_that_is_read_only(self):
        """Not even /tmp can be written to."""
        source = self.here / "site"
        (source / "data").mkdir(parents=True)
        (source / "data" / "file").write_bytes(random_bytes(SIZE))
        (self.there / "site" / "data").mkdir(parents=True)
        mounts = f"{self.make_read_only('/tmp')}; {self.mount(self.there / 'site' / 'data')}"
        for scripts in ({}, self.busybox()):
            with self.subTest(scripts=list(scripts)):
                self.serve_in_namespace(mounts, **scripts)
                result = self.cp(source, self.remote())
                self.assert_exit(result, 0)
                self.check_same(self.seen / "site" / "data", source / "data", times=False)
                self.assertEqual(self.leftovers(self.seen), [])

    def test_a_volume_that_is_read_only(self):
        """As a ConfigMap is: everything else arrives, and the exit code is 1."""
        site = self.prepare()
        for scripts in ({}, self.busybox()):
            with self.subTest(scripts=list(scripts)):
                self.serve_in_namespace(self.make_read_only(site / "data"), **scripts)
                result = self.cp(self.here / "site", self.remote())
                self.check_failed(result, "exit code 1")
                self.assertIn(b"Read-only file system", result.stderr)
                self.assertEqual(os.listdir(self.seen / "site" / "data"), [])
                self.check_same(self.seen / "site" / "new", self.here / "site" / "new", times=False)
                self.assertEqual(self.leftovers(self.seen), [])
                shutil.rmtree(site / "new")

    def test_a_file_has_its_name_only_when_all_of_it_is_there(self):
        site = self.prepare()
        marker = self.folder() / "marker"
        half = 'case $3 in *.part) head -c 1000 "$2" >"$3"; : >"{marker}"; exec sleep 1000;; esac'
        script = f'{half.format(marker=marker)}; exec /bin/cp "$@"'
        self.serve_in_namespace(self.mount(site / "data"), cp=script)
        for name in ("file", "deep", "link"):
            (self.here / "site" / "data" / name).rename(self.folder() / name)
        (self.here / "site" / "data" / "only").write_bytes(random_bytes(SIZE))
        client = self.start(self.command(self.here / "site", self.remote()), stderr=subprocess.PIPE)
        wait_until(marker.exists, "the copy of a file to begin")
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 128 + signal.SIGINT)
        wait_until(
            lambda: not list(self.seen.rglob("*.part")) and not self.leftovers(self.seen),
            "temporary files to be removed",
        )
        self.assertFalse((self.seen / "site" / "data" / "only").exists())


class Downloads(MountsTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve_commands()
        self.make_source(self.there / "source")
        (self.here / "target" / "data").mkdir(parents=True)
        self.result = self.folder() / "result"

    def cp_in_namespace(self, mounts, *words):
        """A namespace ends with its last process, so what is in it is kept."""
        script = (
            f"set -e; {mounts}; code=0; \"$@\" || code=$?; "
            f"cp -a '{self.here}/target' '{self.result}'; exit $code"
        )
        return run([*NAMESPACE, "sh", "-c", script, "sh", *self.command(*words)])

    def check_downloaded(self, mounts):
        result = self.cp_in_namespace(mounts, self.remote("source"), self.here / "target")
        self.check_copied(result)
        # Folders that are there keep their times.
        self.check_same(self.result, self.there / "source", times=False)
        self.assertEqual(self.leftovers(self.result), [])

    def test_a_mount_below(self):
        self.check_downloaded(self.mount(self.here / "target" / "data"))

    def test_the_target_is_a_mount(self):
        target = self.here / "target"
        self.check_downloaded(f"{self.mount(target)}; mkdir '{target}/data'")

    def test_a_target_that_is_read_only_with_a_mount_below(self):
        target = self.here / "target"
        for name in ("file", "new"):
            path = self.there / "source" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        mounts = f"{self.make_read_only(target)}; {self.mount(target / 'data')}"
        self.check_downloaded(mounts)

    def test_a_target_that_is_read_only(self):
        """Which is found before the download."""
        target = self.here / "target"
        (target / "data").rmdir()
        result = self.cp_in_namespace(self.make_read_only(target), self.remote("source"), target)
        self.check_failed(result, "cannot make a temporary folder in .*: Read-only file system")

    def test_a_mount_that_is_read_only(self):
        """Nothing is moved, because not everything could be."""
        mounts = self.make_read_only(self.here / "target" / "data")
        result = self.cp_in_namespace(mounts, self.remote("source"), self.here / "target")
        self.check_failed(result, "cannot write to the folder .*data: Read-only file system")
        self.assertEqual(os.listdir(self.result), ["data"])

    def test_copies_keep_times(self):
        mounts = self.mount(self.here / "target" / "data")
        self.cp_in_namespace(mounts, self.remote("source"), self.here / "target")
        for name in ("file", "link", "closed", "deep"):
            copy, original = self.result / "data" / name, self.there / "source" / "data" / name
            self.assertEqual(int(copy.lstat().st_mtime), int(original.lstat().st_mtime))
