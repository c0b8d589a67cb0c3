"""How much of a client's time, memory and disk the archive of a pod may take, and that Ctrl-C is heard
and nothing is left whatever it is in."""

import os
import re
import resource
import signal
import subprocess
import tarfile
import time

import trees
from cp_cases import DEADLINE, UVSPDY
from peers import most_memory, peak_memory, run, wait_until
from test_cp_hostile import Archive, HostileTestCase

# Seconds of CPU, because a machine may be busy; before there was a bound it was 19 s, or for ever.
SOON = 3.0
SCRIPT = r"""
import sys, tarfile
def header(name, kind):
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, 0o755
    return info.tobuf(tarfile.GNU_FORMAT)
def write(*data):
    sys.stdout.buffer.write(b"".join(data))
"""
# Archives without end, or nearly: what there is to do for a byte of theirs is as much as can be.
FOLDERS_IN_FOLDERS = """
name = "x"
for _ in range(100000):
    write(header(name, tarfile.DIRTYPE))
    name += "/d"
"""
ENDLESS = {
    "many deep folders": """
write(header("x", tarfile.DIRTYPE))
for number in range(100000):
    write(header(f"x/{number}" + 500 * "/d", tarfile.DIRTYPE))
""",
    "folders": """
write(header("x", tarfile.DIRTYPE))
for number in range(100000000):
    write(header(f"x/{number}", tarfile.DIRTYPE))
""",
    "empty files": """
write(header("x", tarfile.DIRTYPE))
for number in range(100000000):
    write(header(f"x/{number}", tarfile.REGTYPE))
""",
    "devices": """
write(header("x", tarfile.DIRTYPE))
while True:
    write(header("x/device", tarfile.CHRTYPE))
""",
}


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    """Of CPU, which the processes have taken that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Interrupted(HostileTestCase):
    def start_copy(self, script):
        program = self.folder() / "tar.py"
        program.write_text(SCRIPT + script)
        self.server = self.serve_commands(tar=f"exec python3 '{program}'")
        client = self.start(
            self.command(self.remote("x"), f"{self.here}/copy"), stderr=subprocess.PIPE
        )
        wait_until(lambda: os.listdir(self.here), "the copy to begin")
        return client

    def test_a_signal_is_heard_whatever_the_archive_is(self):
        for name, script in ENDLESS.items():
            for number in (signal.SIGINT, signal.SIGTERM) if name == "folders" else (signal.SIGINT,):
                with self.subTest(archive=name, signal=number):
                    self.check_heard(script, number)

    def check_heard(self, script, number):
        client = self.start_copy(script)
        time.sleep(1)
        before = children_seconds() + cpu_seconds(client)
        client.send_signal(number)
        _, error = client.communicate(timeout=2 * DEADLINE)
        self.assertLess(children_seconds() - before, SOON)
        self.assertRegex(error, rb"uvspdy cp: interrupted\n\Z")
        self.assertEqual(client.returncode, 128 + number)
        self.assertLess(len(error.splitlines()), 30)
        self.assertEqual(os.listdir(self.here), [])

    def test_folders_in_folders_end_at_their_limit(self):
        client = self.start_copy(FOLDERS_IN_FOLDERS)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertRegex(error, b"more than 512 folders deep")
        self.assertEqual(client.returncode, 1)
        self.assertEqual(os.listdir(self.here), [])

    def test_a_second_signal_ends_it_at_once(self):
        client = self.start_copy(ENDLESS["folders"])
        time.sleep(1)
        before = children_seconds() + cpu_seconds(client)
        client.send_signal(signal.SIGINT)
        time.sleep(0.01)
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=DEADLINE)
        self.assertLess(children_seconds() - before, SOON)
        self.assertIn(client.returncode, (-signal.SIGINT, 128 + signal.SIGINT))


class Deep(HostileTestCase):
    def deep(self, depth, part="d", mode=0o755):
        """Every folder by itself; in the last one there is a file."""
        archive = Archive()
        name = "x"
        for _ in range(depth):
            archive.folder(name, mode=mode)
            name += "/" + part
        archive.folder(name, mode=mode)
        return archive.add(f"{name}/file", data=b"content")

    def check_same_depth(self, folder, depth):
        at = os.open(folder, os.O_RDONLY)
        try:
            for _ in range(depth):
                (name,) = os.listdir(at)
                below = os.open(name, os.O_RDONLY, dir_fd=at)
                os.close(at)
                at = below
            self.assertEqual(os.listdir(at), ["file"])
        finally:
            os.close(at)

    def remove(self, folder):
        run(["rm", "-rf", folder])

    def test_names_of_512_parts_are_copied(self):
        for part in ("d", "d" * 200):  # 200: longer than any path may be
            with self.subTest(part=len(part)):
                self.check_copied(self.download(self.deep(511, part).finished()))
                self.check_same_depth(self.here / "copy", 511)
                self.remove(self.here / "copy")

    def test_more_are_not_and_nothing_is_left(self):
        for part in ("d", "d" * 200):
            for mode in (0o755, 0o500, 0):
                with self.subTest(part=len(part), mode=mode):
                    self.check_refused(
                        self.deep(512, part, mode).finished(),
                        "more than 512 folders deep; copy a folder inside by itself",
                    )

    def test_one_name(self):
        for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            for depth in (513, 100_000, 500_000):
                with self.subTest(form=form, depth=depth):
                    archive = Archive(form).folder("x")
                    archive.folder("x" + depth * "/d")
                    self.check_refused(
                        archive.finished(), "more than 512 folders deep|the archive"
                    )

    def test_an_archive_that_breaks_off_in_the_deep_leaves_nothing(self):
        archive = self.deep(511, "d" * 200).unfinished()
        self.check_refused(archive, "cut short|cannot read the archive")
        self.check_refused(self.deep(511, "d" * 200, 0o500).unfinished(), "cut short|cannot read")

    def test_a_merge_of_deep_folders(self):
        self.check_copied(self.download(self.deep(400).finished()))
        self.check_copied(self.download(self.deep(400).finished()))
        self.check_same_depth(self.here / "copy", 400)

    def test_names_are_shortened_where_they_are_shown(self):
        name = "x/" + "/".join(["n" * 200] * 20) + "/../y"
        result = self.download(Archive().folder("x").add(name, data=b"evil").finished())
        self.check_failed(result, r"the archive has 'x/[n/]+\.\.\.' in it, which leads out of")
        self.assertLess(len(result.stderr), 600)
        turned = Archive().folder("x").add("x/a\u202egnp.exe", tarfile.FIFOTYPE)
        result = self.download(turned.finished())
        self.assertIn(b"left out x/a<U+202E>gnp.exe:", result.stderr)

    def test_lines_about_entries_are_few(self):
        archive = Archive().folder("x")
        for number in range(1000):
            archive.add(f"x/{number}", tarfile.FIFOTYPE)
        result = self.download(archive.finished())
        self.assert_exit(result, 0)
        lines = result.stderr.decode().splitlines()
        self.assertEqual(len(lines), 21)
        self.assertEqual(lines[-1], "uvspdy cp: 980 more lines like these left out")


class Memory(HostileTestCase):
    def test_many_entries(self):
        """200,000 empty files: what is kept is what the last of them needs."""
        script = SCRIPT + (
            'write(header("x", tarfile.DIRTYPE))\n'
            "for number in range(200000):\n"
            '    write(header("x/file", tarfile.REGTYPE))\n'
            "write(bytes(1024))\n"
        )
        program = self.folder() / "tar.py"
        program.write_text(script)
        self.server = self.serve_commands(tar=f"exec python3 '{program}'")
        client = self.start(
            self.command(self.remote("x"), f"{self.here}/copy"), stderr=subprocess.PIPE
        )
        peak = 0
        while client.poll() is None:
            try:
                peak = max(peak, peak_memory(client))
            except (OSError, AttributeError):
                break  # it has just ended
            time.sleep(0.02)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, error), (0, b""))
        self.assertLess(peak, most_memory(40 << 20))


__all__ = ["UVSPDY", "re", "trees"]
