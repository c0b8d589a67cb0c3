"""`uvspdy cp` with `uvspdy serve`, both ways: what is copied, and to where."""

import os
import pty
import re
import signal
import stat
import subprocess

import trees
from cp_cases import DEADLINE, UVSPDY, CpTestCase, find_tars
from exec_cases import random_bytes
from peers import wait_until

SIZES = [0, 1, 511, 512, 513, 10_239, 10_240, 65_536, 1 << 20, (64 << 20) + 7]



class Trees(CpTestCase):
    """Whole folders, by each tar that there is."""

    def check_both_ways(self, scripts, names=trees.ODD_NAMES, **kept):
        self.server = self.serve_commands(**scripts)
        source = trees.make(self.here / "source", names)
        dangling = r"uvspdy cp: \S*/to nothing is a symbolic link that leads nowhere.*"
        outward = r"uvspdy cp: \S*/absolute is a symbolic link that leads out of the copy.*"
        lines = f"{dangling}|{outward}"
        self.check_copied(self.cp(source, self.remote("copy")), dangling)
        self.check_same(self.there / "copy", source, **kept)
        self.check_copied(self.cp(self.remote("copy"), self.here / "back"), lines)
        self.check_same(self.here / "back", self.there / "copy")
        # On top of what is there, which only root can do to all of it.
        for folder in (source, self.there / "copy", self.here / "back"):
            if os.geteuid() != 0:
                (folder / "closed").chmod(0o750)
        self.check_copied(self.cp(self.remote("copy"), self.here / "back"), lines)
        self.check_same(self.here / "back", source, **{**kept, "times": False})
        (self.there / "copy").rename(self.there / "source")
        (self.there / "source" / "a file more").touch()
        self.check_copied(self.cp(source, self.remote()), dangling)
        (self.there / "source" / "a file more").unlink()
        self.check_same(self.there / "source", source, **{**kept, "times": False})

    def test_gnu_tar(self):
        self.check_both_ways({})

    def test_busybox(self):
        scripts = find_tars()["BusyBox"]
        if not scripts:
            self.skipTest("busybox is not on the PATH")
        # It leaves the times of links alone, and who is not root gets the modes of new files.
        self.check_both_ways(scripts, times=False, modes=os.geteuid() == 0)

    def test_bsd_tar(self):
        scripts = find_tars()["BSD"]
        if not scripts:
            self.skipTest("bsdtar (libarchive-tools) is not on the PATH")
        # With others it says that they are no UTF-8, and takes them nevertheless.
        text = [name for name in trees.ODD_NAMES if b"\xff" not in name]
        self.check_both_ways(scripts, names=text)


class Files(CpTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve(UVSPDY, "serve")

    def test_sizes(self):
        for size in SIZES:
            with self.subTest(size=size):
                data = random_bytes(size) if size else b""
                (self.here / "file").write_bytes(data)
                self.check_copied(self.cp(self.here / "file", self.remote("copy")))
                self.assert_same_bytes((self.there / "copy").read_bytes(), data)
                self.check_copied(self.cp(self.remote("copy"), self.here / "back"))
                self.assert_same_bytes((self.here / "back").read_bytes(), data)

    def test_odd_names(self):
        for name in trees.ODD_NAMES:
            with self.subTest(name=name):
                here = os.path.join(os.fsencode(self.here), name)
                with open(here, "wb") as file:
                    file.write(name)
                self.check_copied(self.cp(here, self.remote(name)))
                os.rename(here, here + b"2")
                self.check_copied(self.cp(self.remote(name), here))
                self.check_copied(self.cp(self.remote(name), self.here))
                with open(here, "rb") as file:
                    self.assertEqual(file.read(), name)

    def test_folders_with_odd_names(self):
        (self.here / "file").touch()
        for name in trees.ODD_NAMES:
            with self.subTest(name=name):
                there = os.path.join(os.fsencode(self.there), name)
                os.mkdir(there)
                self.check_copied(self.cp(self.here / "file", self.remote(name)))
                self.assertEqual(os.listdir(there), [b"file"])
                self.check_copied(self.cp(self.remote(name, "file"), self.here / "back"))

    def test_relative_paths(self):
        # The server's commands start in its working directory.
        server = self.serve("env", "-C", str(self.there), UVSPDY, "serve")
        for name in ["file", "-file", "@file", "./x"]:
            (self.here / name).write_text(name)
            self.check_copied(self.cp(f"./{name}", f"uvspdy:{name}", server=server, cwd=self.here))
            self.assertEqual((self.there / name).read_text(), name)
            self.check_copied(self.cp(f"uvspdy:{name}", "back", server=server, cwd=self.here))
            self.assertEqual((self.here / "back").read_text(), name)
        self.check_copied(self.cp("uvspdy:.", "all", server=server, cwd=self.here))
        self.check_same(self.here / "all", self.there)
        self.check_copied(self.cp("back", "uvspdy:.", server=server, cwd=self.here))
        self.check_copied(self.cp(".", "uvspdy:all", server=server, cwd=self.here / "all"))
        self.check_same(self.there / "all", self.here / "all")

    def test_modes_and_times(self):
        for mode in (0o400, 0o600, 0o644, 0o755, 0o777):
            with self.subTest(mode=oct(mode)):
                file = self.here / f"{mode:o}"
                file.write_text("x")
                file.chmod(mode)
                os.utime(file, (trees.MTIME, trees.MTIME))
                self.check_copied(self.cp(file, self.remote()))
                self.check_copied(self.cp(self.remote(file.name), self.here / "back"))
                for copy in (self.there / file.name, self.here / "back"):
                    status = copy.stat()
                    self.assertEqual(stat.S_IMODE(status.st_mode), mode)
                    self.assertEqual(status.st_mtime, trees.MTIME)

    def test_no_preserve(self):
        file = self.here / "file"
        file.write_text("x")
        file.chmod(0o777)
        os.utime(file, (trees.MTIME, trees.MTIME))
        self.check_copied(self.cp("--no-preserve", file, self.remote()))
        self.assertGreater((self.there / "file").stat().st_mtime, trees.MTIME)
        (self.there / "file").chmod(0o777)
        self.check_copied(self.cp("--no-preserve", self.remote("file"), self.here / "back"))
        status = (self.here / "back").stat()
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o777 & ~mask)
        self.assertGreater(status.st_mtime, trees.MTIME)

    def test_bits_that_give_rights_are_not_taken_over_here(self):
        file = self.there / "file"
        file.write_text("x")
        file.chmod(0o6755)
        self.check_copied(self.cp(self.remote("file"), self.here))
        self.assertEqual(stat.S_IMODE((self.here / "file").stat().st_mode), 0o755)

    def test_what_is_no_file_is_left_out(self):
        for folder in (self.here, self.there):
            (folder / "folder").mkdir()
            os.mkfifo(folder / "folder" / "fifo")
            (folder / "folder" / "file").touch()
        for words in [
            (self.remote("folder"), self.here / "copy"),
            (self.here / "folder", self.remote("copy")),
        ]:
            result = self.cp(*words)
            self.assert_exit(result, 0)
            self.assertRegex(result.stderr, b"\\Auvspdy cp: left out .*folder/fifo: .*\n\\Z")
        for folder in (self.here, self.there):
            self.assertEqual(os.listdir(folder / "copy"), ["file"])

    def test_a_file_takes_a_file_s_place(self):
        for folder in (self.here, self.there):
            (folder / "new").write_text("new")
            (folder / "old").write_text("something older")
        self.check_copied(self.cp(self.here / "new", self.remote("old")))
        self.check_copied(self.cp(self.remote("new"), self.here / "old"))
        for folder in (self.here, self.there):
            self.assertEqual((folder / "old").read_text(), "new")

    def test_a_link_here_is_followed_where_it_says_so(self):
        (self.there / "source").mkdir()
        (self.there / "source" / "file").write_text("new")
        (self.here / "folder").mkdir()
        (self.here / "link").symlink_to("folder")
        for what in ("source", "source/file"):
            self.check_failed(self.cp(self.remote(what), self.here / "link"), "link, which is not")
            self.assertEqual(os.listdir(self.here / "folder"), [])
            self.check_copied(self.cp(self.remote(what), f"{self.here}/link/."))
            self.assertEqual(os.listdir(self.here / "folder"), ["file"])
            (self.here / "folder" / "file").unlink()
        self.check_copied(self.cp(self.remote("source"), self.here / "link" / "deep"))
        self.assertEqual((self.here / "folder" / "deep" / "file").read_text(), "new")

    def test_folders_here_that_are_not_there_are_made(self):
        (self.there / "file").write_text("x")
        self.check_copied(self.cp(self.remote("file"), self.here / "a" / "b" / "file"))
        self.assertEqual((self.here / "a" / "b" / "file").read_text(), "x")

    def test_where_a_folder_goes(self):
        """As with kubectl: from the pod it is merged into one that is there, to the pod it goes in."""
        for folder in (self.here, self.there):
            (folder / "source").mkdir()
            (folder / "source" / "file").touch()
            (folder / "target").mkdir()
        self.check_copied(self.cp(self.remote("source"), self.here / "target"))
        self.assertEqual(os.listdir(self.here / "target"), ["file"])
        self.check_copied(self.cp(self.here / "source", self.remote("target")))
        self.assertEqual(os.listdir(self.there / "target"), ["source"])
        self.check_copied(self.cp(str(self.here / "source") + "/", self.remote("other") + b"/"))
        self.assertEqual(os.listdir(self.there / "other"), ["file"])

    def test_several_at_once(self):
        data = random_bytes(1 << 20)
        (self.there / "file").write_bytes(data)
        copies = [
            self.start(self.command(self.remote("file"), self.here / f"{number}"))
            for number in range(10)
        ]
        for number, copy in enumerate(copies):
            self.assertEqual(copy.wait(DEADLINE), 0)
            self.assert_same_bytes((self.here / f"{number}").read_bytes(), data)


class Interrupted(CpTestCase):
    def check(self, words, script):
        """Ctrl-C while tar has stopped: both sides are as before."""
        marker = self.folder() / "started"
        self.server = self.serve_commands(tar=f"{script}; touch '{marker}'; exec sleep 1000")
        client = self.start(
            self.command(*words), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        wait_until(marker.exists, "tar to start")
        client.send_signal(signal.SIGINT)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 128 + signal.SIGINT, error)
        self.assert_one_line(error, "^uvspdy cp: interrupted$")

    def test_from_the_pod(self):
        (self.there / "file").write_bytes(random_bytes(1 << 20))
        script = '/bin/tar "$@" | head -c 500000'
        self.check([self.remote("file"), self.here / "copy"], script)
        self.assertEqual(os.listdir(self.here), [])

    def test_to_the_pod(self):
        (self.here / "file").write_bytes(random_bytes(16 << 20))
        script = 'head -c 500000 | /bin/tar "$@" 2>/dev/null'
        self.check([self.here / "file", self.remote("copy")], script)
        self.wait_for_no_leftovers()
        self.assertEqual(os.listdir(self.there), [])


class Terminal(CpTestCase):
    def test_a_progress_bar(self):
        self.server = self.serve(UVSPDY, "serve")
        size = 32 << 20
        (self.here / "file").write_bytes(random_bytes(size))
        for words in [
            (self.here / "file", self.remote("copy")),
            (self.remote("copy"), self.here / "back"),
        ]:
            with self.subTest(words=words):
                ours, terminal = pty.openpty()
                client = self.start(self.command(*words), stderr=terminal)
                os.close(terminal)
                shown = b""
                try:
                    while piece := os.read(ours, 65536):
                        shown += piece
                except OSError:
                    pass  # EIO is how a terminal ends
                os.close(ours)
                self.assertEqual(client.wait(DEADLINE), 0)
                shares = [int(share) for share in re.findall(rb"(\d+)%", shown)]
                self.assertEqual(shares, sorted(shares))
                self.assertEqual(shares[-1], 100)
                self.assertRegex(shown, rb"\[#{20}\] 100% 32\.0 MiB, [0-9.]+ [KMG]iB/s\r\n\Z")


class Memory(CpTestCase):
    LIMIT = 48 << 20  # of resident memory: far less than what is copied

    def peak(self, *words):
        # With AddressSanitizer freed memory would count.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        client = self.start(self.command(*words), env={**os.environ, "ASAN_OPTIONS": options})
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(client.returncode, 0)
        return usage.ru_maxrss * 1024

    def test_it_does_not_grow_with_the_file(self):
        # The tar there begins late to read, when everything in between has filled up.
        self.server = self.serve_commands(tar='sleep 0.5; exec /bin/tar "$@"')
        small, large = self.here / "small", self.here / "large"
        small.write_bytes(random_bytes(1 << 20))
        with open(large, "wb") as file:
            file.truncate(256 << 20)
        least = self.peak(small, self.remote("small"))
        self.assertLess(self.peak(large, self.remote("large")), least + self.LIMIT)
        least = self.peak(self.remote("small"), self.here / "back")
        self.assertLess(self.peak(self.remote("large"), self.here / "back"), least + self.LIMIT)
