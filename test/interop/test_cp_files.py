"""`uvspdy cp`: which links are followed, and how long a file is."""

import os
import pathlib
import signal
import subprocess

from cp_cases import CpTestCase
from exec_cases import random_bytes
from peers import DEADLINE, wait_until

LARGE = 64 << 20  # more than any buffer on the way holds


def make_config_map(folder):
    """As a kubelet puts a ConfigMap, a Secret or a projected volume into a container."""
    (folder / "..2024_01_01").mkdir(parents=True)
    (folder / "..data").symlink_to("..2024_01_01")
    for name in ("app.conf", "other.conf"):
        (folder / "..2024_01_01" / name).write_text(f"content of {name}")
        (folder / name).symlink_to(f"..data/{name}")
    return folder


class UnknownSizes(CpTestCase):
    def test_ctrl_c_while_a_file_without_a_size_is_read(self):
        """/proc/self/pagemap has 256 GiB, and says 0."""
        pagemap = pathlib.Path("/proc/self/pagemap")
        if not pagemap.exists():
            self.skipTest("the system has no /proc/self/pagemap")
        self.server = self.serve_commands()
        limit = 'ulimit -f 4194304; exec "$@"'  # 2 GiB, and not all of the disk
        client = self.start(
            ["sh", "-c", limit, "sh", *self.command(pagemap, self.remote("copy"))],
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: self.reads_much(client.pid), "the file to be read")
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 128 + signal.SIGINT)
        self.check_no_leftovers()

    @staticmethod
    def reads_much(pid):
        (line,) = [
            line
            for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()
            if line.startswith("rchar:")
        ]
        return int(line.split()[1]) > (4 << 20)


class Links(CpTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve_commands()

    def check_content(self, file, content):
        self.assertFalse(file.is_symlink())
        self.assertEqual(file.read_text(), content)

    def test_a_file_of_a_config_map(self):
        make_config_map(self.there / "config")
        for target in ("copy", "."):
            self.check_copied(self.cp(self.remote("config", "app.conf"), f"{self.here}/{target}"))
        for name in ("copy", "app.conf"):
            self.check_content(self.here / name, "content of app.conf")
        make_config_map(self.here / "config")
        self.check_copied(self.cp(self.here / "config" / "app.conf", self.remote()))
        self.check_content(self.there / "app.conf", "content of app.conf")

    def test_a_config_map(self):
        """Its links are copied, and what they lead to is."""
        source = make_config_map(self.there / "config")
        self.check_copied(self.cp(self.remote("config"), self.here / "copy"))
        self.check_same(self.here / "copy", source)
        self.check_copied(self.cp(self.here / "copy", self.remote("back")))
        self.check_same(self.there / "back", source)

    def test_links_to_links_and_to_folders(self):
        for folder in (self.here, self.there):
            (folder / "folder").mkdir()
            (folder / "folder" / "file").write_text("x")
            (folder / "a").symlink_to("b")
            (folder / "b").symlink_to(folder / "c")
            (folder / "c").symlink_to("folder/../folder")
            (folder / "up").symlink_to("folder/..")
        self.check_copied(self.cp(self.remote("a"), self.here / "copy"))
        self.check_copied(self.cp(self.here / "a", self.remote("copy")))
        for folder in (self.here, self.there):
            self.check_same(folder / "copy", folder / "folder")
        outward = r"uvspdy cp: \S*/all/[ab] is a symbolic link that leads out of the copy.*"
        self.check_copied(self.cp(self.remote("up"), self.here / "all"), outward)
        self.check_content(self.here / "all" / "folder" / "file", "x")

    def test_all_links(self):
        for folder in (self.here, self.there):
            make_config_map(folder / "config")
        self.check_copied(self.cp("-L", self.remote("config"), self.here / "copy"))
        self.check_copied(self.cp("--dereference", self.here / "config", self.remote("copy")))
        for folder in (self.here, self.there):
            self.check_content(folder / "copy" / "app.conf", "content of app.conf")
            self.assertFalse((folder / "copy" / "..data").is_symlink())

    def test_a_source_that_leads_nowhere(self):
        for folder in (self.here, self.there):
            (folder / "link").symlink_to("nowhere")
        result = self.cp(self.remote("link"), self.here / "copy")
        self.check_failed(result, "link is a symbolic link to .*/nowhere: .*exit code 2")
        result = self.cp(self.here / "link", self.remote("copy"))
        self.check_failed(result, "link is a symbolic link that leads nowhere: nowhere")
        for folder in (self.here, self.there):
            self.assertEqual(os.listdir(folder), ["link"])

    def make_outward_links(self, folder):
        (folder / "source").mkdir()
        (folder / "source" / "file").touch()
        (folder / "source" / "in").symlink_to("file")
        (folder / "source" / "out").symlink_to(self.outside)
        (folder / "source" / "lost").symlink_to("../gone")

    def test_a_word_for_links_that_lead_nowhere(self):
        """In the pod not for those that lead somewhere there. Here none is looked up."""
        self.outside = self.folder()
        for folder in (self.here, self.there):
            self.make_outward_links(folder)
        lost = r"uvspdy cp: \S*/copy/lost is a symbolic link that leads nowhere.*"
        outward = r"uvspdy cp: \S*/copy/(lost|out) is a symbolic link that leads out of the copy.*"
        result = self.cp(self.remote("source"), self.here / "copy")
        self.check_copied(result, outward)
        self.assertEqual(result.stderr.count(b"\n"), 2)
        self.check_copied(self.cp(self.here / "source", self.remote("copy")), lost)
        for folder in (self.here, self.there):
            (folder / "gone").touch()
        self.check_copied(self.cp(self.remote("source"), self.here / "copy"), outward)
        self.check_copied(self.cp(self.here / "source", self.remote("new copy")))

    def test_with_all_links_what_leads_nowhere_is_left_out(self):
        self.outside = self.folder()
        for folder in (self.here, self.there):
            self.make_outward_links(folder)
        (self.here / "source" / "round").symlink_to(".")
        for result in (
            self.cp("-L", self.remote("source"), self.here / "copy"),
            self.cp("-L", self.here / "source", self.remote("copy")),
        ):
            self.check_failed(result, "not all of .*source could be read; the rest is copied")
            self.assertIn(b"lost: ", result.stderr)
        self.assertIn(b"round leads back to a folder that it is in", result.stderr)
        for folder in (self.here, self.there):
            self.assertEqual(sorted(os.listdir(folder / "copy")), ["file", "in", "out"])


class Sizes(CpTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve_commands()

    def test_files_whose_size_is_not_what_the_system_says(self):
        """0 for files of /proc, 4096 for most of /sys."""
        huge_pages = "/sys/kernel/mm/transparent_hugepage/enabled"
        for name in ("/proc/version", "/proc/kallsyms", huge_pages):
            file = pathlib.Path(name)
            if not file.exists():
                continue
            content = file.read_bytes()
            with self.subTest(name=name):
                self.check_copied(self.cp(file, self.remote("copy")))
                self.assert_same_bytes((self.there / "copy").read_bytes(), content)
                if file.stat().st_size == 0:
                    self.check_copied(self.cp(f"uvspdy:{file}", self.here / "copy"))
                    self.assert_same_bytes((self.here / "copy").read_bytes(), content)

    def test_an_empty_file_keeps_its_mode_and_time(self):
        (self.there / "file").touch(mode=0o440)
        os.utime(self.there / "file", (1e9, 1e9))
        self.check_copied(self.cp(self.remote("file"), self.here))
        self.check_same(self.here / "file", self.there / "file")

    def copy_meanwhile(self, change):
        """Uploads a file that changes in the middle."""
        go = self.folder() / "go"
        wait = f"while [ ! -e '{go}' ]; do sleep 0.01; done"
        self.server = self.serve_commands(tar=f'{wait}; exec /bin/tar "$@"')
        file = self.here / "file"
        file.write_bytes(random_bytes(1 << 20) * (LARGE >> 20))
        client = self.start(self.command(file, self.remote("copy")), stderr=subprocess.PIPE)
        wait_until(lambda: self.position(client, file) > 256 << 10, "the file to be read")
        change(file)
        go.touch()
        _, error = client.communicate(timeout=DEADLINE)
        return client.returncode, error

    @staticmethod
    def position(client, file):
        """How far a process has read a file."""
        for link in pathlib.Path(f"/proc/{client.pid}/fd").iterdir():
            try:
                if os.readlink(link) == str(file.resolve()):
                    info = pathlib.Path(f"/proc/{client.pid}/fdinfo/{link.name}").read_text()
                    return int(info.split()[1])
            except OSError:
                continue  # it was closed meanwhile
        return 0

    def test_a_file_that_grows(self):
        def grow(file):
            with open(file, "ab") as stream:
                stream.write(b"more")

        code, error = self.copy_meanwhile(grow)
        self.assertEqual(code, 0)
        self.assert_one_line(error, "file has grown while it was read; it is copied as it was")
        copy = (self.there / "copy").read_bytes()
        self.assert_same_bytes(copy, (self.here / "file").read_bytes()[:LARGE])

    def test_a_file_that_shrinks(self):
        code, error = self.copy_meanwhile(lambda file: os.truncate(file, 2 << 20))
        self.assertEqual(code, 1)
        self.assertRegex(error, b"file was cut short while it was read; try again")
        self.assertEqual(os.listdir(self.there), [])
