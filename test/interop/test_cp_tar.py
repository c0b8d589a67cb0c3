"""`uvspdy cp` with a tar that warns, a tar that cannot read everything, and without tar."""

import os
import shutil
import stat

from cp_cases import CpTestCase, find_tars
from exec_cases import random_bytes
from scripted_pod import ScriptedPod

SIZE = 1 << 20
NO_TAR = r"uvspdy cp: the pod has no tar; cat copies .*"


class Warnings(CpTestCase):
    """GNU tar exits with 1 for a file that has changed meanwhile; its archive is whole."""

    def setUp(self):
        super().setUp()
        self.data = random_bytes(SIZE)

    def serve_meanwhile(self, script):
        """After some 200 KB of the archive tar has this done."""
        file = self.folder() / "meanwhile"
        file.write_text(f"#!/bin/sh\n[ $TAR_CHECKPOINT = 20 ] || exit 0\n{script}\n")
        file.chmod(0o755)
        options = f"--sort=name --checkpoint=20 --checkpoint-action=exec='{file}'"
        self.server = self.serve_commands(tar=f'exec /bin/tar "$@" {options}')

    def test_a_log_that_grows(self):
        log = self.there / "log"
        log.write_bytes(self.data)
        self.serve_meanwhile(f"echo more >>'{log}'")
        result = self.cp(self.remote("log"), self.here)
        self.check_copied(result, r"\S*tar: log: file changed as we read it")
        self.assert_same_bytes((self.here / "log").read_bytes(), self.data)

    def test_a_file_that_is_removed(self):
        (self.there / "folder").mkdir()
        for name in "ab":
            (self.there / "folder" / name).write_bytes(self.data)
        self.serve_meanwhile(f"rm '{self.there}/folder/b'")
        result = self.cp(self.remote("folder"), self.here / "copy")
        said = r"\S*tar: folder(/b)?: [Ff]ile (removed before|changed as) we read it"
        self.check_copied(result, said)
        self.assertEqual(os.listdir(self.here / "copy"), ["a"])

    def test_a_file_that_is_cut_short(self):
        """tar puts zeros in the place of what has gone: this is no success."""
        (self.there / "file").write_bytes(self.data)
        self.serve_meanwhile(f": >'{self.there}/file'")
        result = self.cp(self.remote("file"), self.here)
        self.assertIn(b"padding with zeros", result.stderr)
        self.check_failed(result, "not all of .*file could be read; try again")
        self.assertEqual(os.listdir(self.here), [])

    def test_a_file_in_a_folder_that_is_cut_short(self):
        (self.there / "folder" / "sub").mkdir(parents=True)
        for name in ("a", "sub/b"):
            (self.there / "folder" / name).write_bytes(self.data)
        self.serve_meanwhile(f": >'{self.there}/folder/sub/b'; : >'{self.there}/folder/a'")
        result = self.cp(self.remote("folder"), self.here / "copy")
        self.assertIn(b"left out folder/a: not all of it could be read", result.stderr)
        self.assert_exit(result, 1)
        self.assertFalse((self.here / "copy" / "a").exists())
        self.assertEqual((self.here / "copy" / "sub" / "b").read_bytes(), b"")


class Unreadable(CpTestCase):
    """One file among fifty."""

    def setUp(self):
        super().setUp()
        self.source = self.there / "source"
        self.source.mkdir()
        for number in range(50):
            (self.source / f"{number}").write_text(f"{number}")

    def check(self, tar, files=50, words="missing"):
        """By default tar is asked for a file, too, that is not there."""
        self.server = self.serve_commands(tar=f'exec {tar} "$@" {words}')
        result = self.cp(self.remote("source"), self.here / "copy")
        self.assertRegex(result.stderr, rb"(?m)^\S*tar: .*(missing|7): ")
        self.check_failed(result, "not all of .*source could be read; the rest is copied")
        self.check_no_leftovers()
        self.assertEqual(len(os.listdir(self.here / "copy")), files)
        result = self.cp(self.remote("nothing"), self.here / "nothing")
        self.check_failed(result, "exit code [12]|nothing in the archive")
        self.assertFalse((self.here / "nothing").exists())

    def test_gnu_tar(self):
        self.check("/bin/tar")

    def test_busybox(self):
        if not find_tars()["BusyBox"]:
            self.skipTest("busybox is not on the PATH")
        self.check(f"{shutil.which('busybox')} tar")

    def test_bsd_tar(self):
        if not find_tars()["BSD"]:
            self.skipTest("bsdtar (libarchive-tools) is not on the PATH")
        self.check(shutil.which("bsdtar"))

    def test_a_file_that_may_not_be_read(self):
        (self.source / "7").chmod(0)
        tar = "/bin/tar"
        if os.geteuid() == 0:  # who may read any file
            tar = f"setpriv --bounding-set=-dac_override,-dac_read_search {tar}"
        self.check(tar, files=49, words="")

    def test_a_tar_that_was_killed(self):
        self.server = self.serve_commands(tar='/bin/tar "$@"; kill -9 $$')
        self.check_failed(self.cp(self.remote("source"), self.here / "copy"), "exit code|signal")
        self.assertEqual(os.listdir(self.here), [])


class NoTar(CpTestCase):
    """kubernetes#58512: one file needs no tar."""

    def setUp(self):
        super().setUp()
        self.server = self.serve_commands(tar="exit 127")
        self.data = random_bytes(SIZE + 1)
        for folder in (self.here, self.there):
            for name, data in (("file", self.data), ("empty", b"")):
                (folder / name).write_bytes(data)
                (folder / name).chmod(0o750)
            (folder / "folder").mkdir()
            (folder / "folder" / "file").touch()

    def test_a_file_from_the_pod(self):
        for name, data in (("file", self.data), ("empty", b"")):
            self.check_copied(self.cp(self.remote(name), self.here / "copy"), NO_TAR)
            self.assert_same_bytes((self.here / "copy").read_bytes(), data)
        (self.there / "link").symlink_to("file")
        self.check_copied(self.cp(self.remote("link"), self.here), NO_TAR)
        self.assert_same_bytes((self.here / "link").read_bytes(), self.data)

    def test_a_file_to_the_pod(self):
        for name, data in (("file", self.data), ("empty", b"")):
            self.check_copied(self.cp(self.here / name, self.remote("copy")), NO_TAR)
            self.assert_same_bytes((self.there / "copy").read_bytes(), data)
            self.assertEqual(stat.S_IMODE((self.there / "copy").stat().st_mode), 0o750)

    def test_folders_say_what_is_missing(self):
        needs = "the pod has no tar, which copying the folder .*folder needs; .* single files"
        self.check_failed(self.cp(self.remote("folder"), self.here / "copy"), needs)
        self.check_failed(self.cp(self.here / "folder", self.remote("copy")), needs)
        for folder in (self.here, self.there):
            self.assertFalse((folder / "copy").exists())
        self.check_no_leftovers()

    def test_what_is_not_there(self):
        result = self.cp(self.remote("missing"), self.here / "copy")
        self.check_failed(result, "exit code 1")
        self.assertIn(b"No such file", result.stderr)
        self.assertFalse((self.here / "copy").exists())

    def test_a_file_that_is_not_all_there(self):
        short = 'head -c 1000 "$1"; exit 0'
        self.server = self.serve_commands(tar="exit 127", cat=short)
        result = self.cp(self.remote("file"), self.here / "copy")
        self.check_failed(result, f"there came 1000 bytes of {SIZE + 1};")
        shell = 'test "${2#cat}" = "$2" || { cat | head -c 1000 >"$4"; exit 0; }; exec /bin/sh "$@"'
        self.server = self.serve_commands(tar="exit 127", sh=shell)
        result = self.cp(self.here / "file", self.remote("copy"))
        self.check_failed(result, f"of {SIZE + 1} bytes it counts 1000")
        for folder in (self.here, self.there):
            self.assertFalse((folder / "copy").exists())
        self.check_no_leftovers()

    def test_neither_test_nor_shell(self):
        self.server = self.serve_commands(tar="exit 127", test="exit 127")
        self.check_copied(self.cp(self.here / "file", self.remote("copy")), NO_TAR)
        self.server = self.serve_commands(tar="exit 127", sh="exit 127")
        result = self.cp(self.here / "file", self.remote("copy"))
        self.check_failed(result, "the pod has neither tar nor sh, one of which this copy needs")
        self.server = self.serve_commands(test="exit 127", sh="exit 127")
        result = self.cp(self.here / "file", self.remote("copy"))
        self.check_failed(result, "the pod has neither test nor sh, one of which this copy needs")

    def test_a_runtime_that_has_no_exit_code_for_it(self):
        """containerd and runc send a text."""
        text = 'OCI runtime exec failed: exec: "tar": executable file not found in $PATH: unknown'

        def script(session):
            words = session.query["command"]
            if words[0] == "cat":
                session.send("stdout", b"content")
                return session.finish()
            if words[0] == "wc":
                session.send("stdout", b"7 /file\n")
                return session.finish()
            if words[0] == "test":
                return session.finish(code=1)
            session.finish(message=text)

        pod = ScriptedPod(self)
        pod.script = script
        self.check_copied(self.cp("web:/file", self.here / "copy", server=pod.url()), NO_TAR)
        self.assertEqual((self.here / "copy").read_bytes(), b"content")


