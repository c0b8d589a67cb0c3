"""`uvspdy cp` from a pod whose tar nobody can trust, and to one whose tar does not do its work."""

import gzip
import os
import random
import stat
import tarfile

import trees
from cp_cases import CpTestCase
from exec_cases import random_bytes
from tars import RECORD, Archive

MUTATIONS = 60


class HostileTestCase(CpTestCase):
    def setUp(self):
        super().setUp()
        self.archive_file = self.folder() / "archive"
        script = f"cat '{self.archive_file}'; read code <'{self.archive_file}.code'; exit $code"
        self.server = self.serve_commands(tar=script)
        # What must stay as it is.
        self.outside = self.folder()
        (self.outside / "file").write_text("untouched")
        (self.outside / "folder").mkdir()
        self.before = trees.summary(self.outside)

    def download(self, archive, code=0, to="copy"):
        """Asks for 'x' and gets this."""
        self.archive_file.write_bytes(archive)
        self.archive_file.with_name("archive.code").write_text(f"{code}\n")
        result = self.cp(self.remote("x"), f"{self.here}/{to}")
        self.assertEqual(trees.summary(self.outside), self.before)
        self.check_no_leftovers()
        return result

    def check_refused(self, archive, pattern, code=0):
        self.check_failed(self.download(archive, code), pattern)
        self.assertEqual(os.listdir(self.here), [])


class Escapes(HostileTestCase):
    def test_names_that_lead_elsewhere(self):
        outside = self.outside / "file"
        up = f"../../../../../..{outside}"
        for name, pattern in [
            (str(outside), "absolute"),
            (up, "leads out"),
            (f"x/{up}", "leads out"),
            ("x/..", "leads out"),
            ("x/sub/../../y", "leads out"),
            ("y", "not asked for"),
            ("xx", "not asked for"),
            ("y/x", "not asked for"),
            (".", "not asked for"),
        ]:
            for archive in (
                Archive().folder("x").add(name, data=b"evil"),
                Archive().folder("x").folder(name, mode=0),
                Archive().folder("x").symlink(name, "evil"),
                Archive().folder("x").add("x/ok", data=b"ok").hardlink(name, "x/ok"),
            ):
                with self.subTest(name=name, archive=archive.unfinished()[512:700]):
                    self.check_refused(archive.finished(), f"the archive has .*{pattern}")

    def test_hard_links_to_elsewhere(self):
        for target in (self.outside / "file", f"../../../../../..{self.outside}/file", "y"):
            with self.subTest(target=target):
                archive = Archive().folder("x").hardlink("x/link", target)
                self.check_refused(archive.finished(), "the archive has ")
                archive = Archive().hardlink("x", target)
                self.check_refused(archive.finished(), "the archive has ")

    def test_writing_through_a_link(self):
        for target in (self.outside, f"{self.outside}/folder", "..", "../.."):
            for archive in (
                Archive().folder("x").symlink("x/link", target).add("x/link/file", data=b"evil"),
                Archive().folder("x").symlink("x/link", target).folder("x/link/new"),
                Archive().folder("x").symlink("x/link", target).symlink("x/link/new", "evil"),
                Archive().symlink("x", target).add("x/file", data=b"evil"),
                Archive().symlink("x", target).folder("x/folder/new"),
                Archive().folder("x").symlink("x/a", target).symlink("x/b", "a").add("x/b/file"),
            ):
                with self.subTest(target=target, archive=archive.unfinished()[512:700]):
                    result = self.download(archive.finished())
                    self.check_failed(result, "cannot write .*[Ss]ymlink|link")

    def test_hard_links_through_a_link(self):
        archive = Archive().folder("x").symlink("x/link", self.outside)
        archive.hardlink("x/mine", "x/link/file")
        archive.add("x/mine", data=b"evil")
        self.download(archive.finished())
        copy = self.here / "copy" / "mine"
        if copy.exists():  # in vain, but why not
            self.assertFalse(copy.samefile(self.outside / "file"))

    def test_a_link_and_a_file_of_the_same_name(self):
        archive = Archive().folder("x").symlink("x/link", self.outside / "file")
        archive.add("x/link", data=b"evil")
        self.check_copied(self.download(archive.finished()))
        self.assertFalse((self.here / "copy" / "link").is_symlink())
        self.assertEqual((self.here / "copy" / "link").read_bytes(), b"evil")

    def test_a_hard_link_to_a_link_that_has_content(self):
        archive = Archive().folder("x").symlink("x/link", self.outside / "file")
        archive.hardlink("x/hard", "x/link", b"evil")
        archive.add("x/hard", data=b"evil")
        self.download(archive.finished())

    def test_a_hard_link_that_has_content_in_pax(self):
        """There it is no mistake, and libarchive writes it: content, mode and all."""

        def start():
            return Archive(tarfile.PAX_FORMAT).folder("x", pax_headers={"comment": "pax"})

        outside = self.outside / "file"
        for mode in (0o777, 0):
            for target, linked, why in (
                (outside, "x/link", "'x/link', which is no regular file"),
                (self.outside, "x/link/file", "[Ss]ymlink"),
                ("nothing", "x/link", "'x/link', which is no regular file"),
                ("nothing", "x/nothing", "'x/nothing', which is no regular file"),
            ):
                with self.subTest(mode=mode, target=target, linked=linked):
                    archive = start().symlink("x/link", target)
                    archive.hardlink("x/hard", linked, b"evil", mode=mode)
                    self.check_refused(archive.finished(), f"x/hard.*{why}")
        archive = start().add("x/file", data=b"older").hardlink("x/hard", "x/file", b"newer")
        self.check_copied(self.download(archive.finished()))
        self.assertEqual((self.here / "copy" / "file").read_bytes(), b"newer")
        self.assertTrue((self.here / "copy" / "file").samefile(self.here / "copy" / "hard"))

    def test_a_folder_and_a_link_of_the_same_name(self):
        archive = Archive().folder("x").folder("x/a").symlink("x/a", self.outside)
        archive.add("x/a/file", data=b"evil").folder("x/a", mode=0o700)
        self.download(archive.finished())
        archive = Archive().folder("x").symlink("x/a", self.outside).folder("x/a", mode=0)
        archive.add("x/a/folder", tarfile.DIRTYPE, mode=0o777, mtime=1)
        self.download(archive.finished())

    def test_links_that_lead_elsewhere_are_only_links(self):
        archive = Archive().folder("x").symlink("x/link", self.outside / "file")
        said = r"uvspdy cp: \S*/copy/link is a symbolic link that leads out of the copy.*"
        self.check_copied(self.download(archive.finished()), said)
        self.assertEqual(os.readlink(self.here / "copy" / "link"), str(self.outside / "file"))
        # A second time, on top of it.
        archive = Archive().folder("x").folder("x/link").add("x/link/file", data=b"evil")
        self.check_failed(self.download(archive.finished()), "overwrite non-directory")
        archive = Archive().folder("x").add("x/link", data=b"evil")
        self.check_copied(self.download(archive.finished()))
        self.assertEqual((self.here / "copy" / "link").read_bytes(), b"evil")

    def test_a_link_from_an_earlier_copy_is_not_followed(self):
        """kubectl's CVE-2019-11251 and its like, the target itself being the link."""
        folder = Archive().folder("x").add("x/file", data=b"evil").add("x/new", data=b"evil")
        file = Archive().add("x", data=b"evil")
        for target in (self.outside, self.outside / "file", self.outside / "not there"):
            for to in ("copy", "copy/"):
                with self.subTest(target=target, to=to):
                    link = self.here / "copy"
                    link.symlink_to(target)
                    for archive in (folder, file):
                        result = self.download(archive.finished(), to=to)
                        self.check_failed(result, "copy is a symbolic link, which is not followed")
                        self.assertEqual(os.readlink(link), str(target))
                    link.unlink()

    def test_a_link_from_an_earlier_copy_into_a_folder_is_not_followed(self):
        for to in ("", "."):
            for target in (self.outside, self.outside / "file", self.outside / "not there"):
                with self.subTest(target=target, to=to):
                    (self.here / "x").symlink_to(target)
                    file = Archive().add("x", data=b"mine").finished()
                    self.check_copied(self.download(file, to=to))
                    self.assertFalse((self.here / "x").is_symlink())
                    self.assertEqual((self.here / "x").read_bytes(), b"mine")
                    (self.here / "x").unlink()

    def test_devices_and_rights(self):
        archive = Archive().folder("x", mode=0o7777).add("x/file", mode=0o7755)
        archive.add("x/null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
        archive.add("x/disk", tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o666)
        archive.add("x/fifo", tarfile.FIFOTYPE)
        result = self.download(archive.finished())
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr.count(b"left out"), 3)
        copy = self.here / "copy"
        self.assertEqual(os.listdir(copy), ["file"])
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o777)
        self.assertEqual(stat.S_IMODE((copy / "file").stat().st_mode), 0o755)
        self.assertEqual((copy / "file").stat().st_uid, os.getuid())

    def test_what_a_terminal_would_obey(self):
        archive = Archive().folder("x").add("x/\x1b[2J\x07\u009b31m\r", tarfile.FIFOTYPE)
        result = self.download(archive.finished())
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr.count(b"\n"), 1)
        for bad in (b"\x1b", b"\x07", "\u009b".encode(), b"\r"):
            self.assertNotIn(bad, result.stderr)


class Broken(HostileTestCase):
    def whole(self):
        archive = Archive().folder("x")
        return archive.add("x/1", data=random_bytes(1000)).add("x/2", data=random_bytes(100_000))

    def test_cut_short(self):
        data = self.whole().finished()
        end = len(self.whole().unfinished())
        for size in (0, 1, 511, 512, 1024, 1500, 2048, 2560, 3000, end - 1, end, end + 512):
            with self.subTest(size=size):
                self.check_refused(data[:size], ".")
                self.check_refused(data[:size], "exit code 2", code=2)

    def test_cut_short_behind_zeros_of_a_file(self):
        """Which are no end of the archive, however many there are."""
        for size in (1024, 512 * 20 - 100):
            for archive in (
                Archive().add("x", data=bytes(size)),
                Archive().folder("x").add("x/1", data=b"1" + bytes(size - 1)),
                Archive().folder("x").add("x/1", data=bytes(size)).add("x/fifo", tarfile.FIFOTYPE),
            ):
                data = archive.unfinished()
                for cut in (data, data + bytes(512), data + bytes(1023), data[:-512]):
                    with self.subTest(size=size, cut=len(cut) - len(data)):
                        self.check_failed(self.download(cut), ".")
                        self.assertFalse((self.here / "copy").exists())
                self.assert_exit(self.download(data + bytes(1024), to=f"{size}, {len(data)}"), 0)

    def test_a_failure_behind_a_whole_archive(self):
        self.check_refused(self.whole().finished(), "exit code 3", code=3)
        self.check_refused(self.whole().finished(), "exit code 137", code=137)

    def test_an_archive_of_what_could_be_read(self):
        """No tar but GNU's exits with 1 for anything else."""
        for code in (1, 2):
            with self.subTest(code=code):
                result = self.download(self.whole().finished(), code, to=f"{code}")
                self.check_failed(result, "not all of .*/x could be read; the rest is copied")
                self.assertTrue((self.here / f"{code}").exists())

    def test_a_link_that_leads_to_itself(self):
        self.check_refused(Archive().symlink("x", "x").finished(), "through more than 40 others")
        target = str(self.outside / "file")
        self.check_refused(Archive().symlink("x", target).finished(), "'x' in it, which was not")

    def test_no_archive(self):
        for data in (b"hello\n", random_bytes(20_000), gzip.compress(self.whole().finished())):
            with self.subTest(data=data[:8]):
                self.check_refused(data, "cannot read the archive")

    def test_nothing_in_it(self):
        self.check_refused(bytes(RECORD), "nothing in the archive")
        self.check_refused(Archive().add("x", tarfile.FIFOTYPE).finished(), "nothing in the archiv")

    def test_no_end_of_padding(self):
        self.check_refused(self.whole().finished() + bytes(4 << 20), "more than an archive")

    def test_something_behind_the_end(self):
        self.check_refused(self.whole().finished() + b"more", "cut short")

    def test_huge_promises(self):
        for size in (1 << 20, 1 << 40, (1 << 62) + 1):
            archive = Archive().add("x", size=size).finished()
            with self.subTest(size=size):
                self.check_refused(archive, "cannot read the archive|cannot write")
        long_name = Archive().add("././@LongLink", b"L", size=1 << 40).finished()
        self.check_refused(long_name, "cannot read the archive")
        pax = Archive().add("x", tarfile.XHDTYPE, b"99999999999 path=x\n").add("x")
        # The path is lost, and the name that is left would be another one's.
        self.check_refused(pax.finished(), "the archive: .*pax extended attribute")

    def test_names_as_pax_has_them(self):
        name = "x/" + "n" * 120 + "/Gr\u00fc\u00dfe"
        archive = Archive(tarfile.PAX_FORMAT).folder("x").add(name, data=b"content")
        self.check_copied(self.download(archive.finished()))
        copy = self.here / "copy" / name.partition("/")[2]
        self.assertEqual(copy.read_bytes(), b"content")

    def test_mutations(self):
        """Whatever comes of them, it ends in order, and inside the target."""
        whole = Archive().folder("x").symlink("x/link", self.outside).add("x/1", data=b"1" * 600)
        whole = whole.hardlink("x/2", "x/1").add("x/link2/3", data=b"3").finished()
        generator = random.Random(5)
        for number in range(MUTATIONS):
            data = bytearray(whole)
            for _ in range(generator.randint(1, 4)):
                at = generator.randrange(5000)
                data[at] = generator.choice([0, 0x2E, 0x2F, 0x37, generator.randrange(256)])
                header = at - at % 512  # with the right checksum it gets further
                data[header + 148 : header + 156] = b" " * 8
                checksum = sum(data[header : header + 512])
                data[header + 148 : header + 156] = b"%06o\0 " % checksum
            with self.subTest(number=number):
                result = self.download(bytes(data), to=f"copy {number}")
                self.assertIn(result.returncode, (0, 1), result.stderr)
                self.assertLessEqual(set(os.listdir(self.here)), {f"copy {n}" for n in range(60)})


class Uploads(CpTestCase):
    def setUp(self):
        super().setUp()
        self.source = self.here / "source"
        self.source.mkdir()
        for name in "ab":
            (self.source / name).write_bytes(random_bytes(65_536))

    def check_refused(self, script, pattern, file_too=True):
        sources = [self.source, self.source / "a"] if file_too else [self.source]
        self.server = self.serve_commands(tar=script)
        for what in sources:
            with self.subTest(what=what):
                self.check_failed(self.cp(what, self.remote("copy")), pattern)
                self.assertEqual(os.listdir(self.there), [])

    def test_tar_fails_at_once(self):
        self.check_refused("echo no >&2; exit 1", "exit code 1$")

    def test_tar_fails_at_the_end(self):
        self.check_refused('/bin/tar "$@"; exit 2', "exit code 2$")

    def test_tar_does_nothing_and_is_content(self):
        self.check_refused("exit 0", "exit code 1")
        self.check_refused("cat >/dev/null", "exit code 1")

    def test_an_archive_that_ends_between_two_files(self):
        # The temporary folder, and what is copied up to its first file.
        script = 'head -c $((3 * 512 + 65536)) | /bin/tar "$@"'
        self.check_refused(script, "exit code 1", file_too=False)

    def test_a_disk_that_is_full(self):
        self.check_refused('ulimit -f 8; trap "" XFSZ; exec /bin/tar "$@"', "exit code 2$")

    def test_a_file_that_is_too_short(self):
        script = '/bin/tar "$@"; for f in "$3"/.uvspdy-cp-*/content; do : >"$f"; done; exit 0'
        self.server = self.serve_commands(tar=script.replace('"$3"', f"'{self.there}'"))
        (self.here / "file").write_text("some bytes")
        self.check_failed(
            self.cp(self.here / "file", self.remote("copy")), "of 10 bytes it counts 0$"
        )
        self.assertEqual(os.listdir(self.there), [])

    def test_a_folder_that_comes_in_the_way(self):
        """While the content is on its way: mv would put it in there, under another name."""
        elsewhere = self.folder()
        link = self.here / "link"
        link.symlink_to(self.source / "a")
        for make in ("mkdir", f"ln -s '{elsewhere}'"):
            script = f'/usr/bin/wc "$@"; exec {make} "{self.there}/copy"'
            self.server = self.serve_commands(wc=script)
            for source in (self.source / "a", link):
                with self.subTest(make=make, source=source):
                    result = self.cp(source, self.remote("copy"))
                    self.check_failed(result, "cannot overwrite directory")
                    self.assertEqual(os.listdir(self.there), ["copy"])
                    copy = self.there / "copy"
                    self.assertEqual(os.listdir(copy), [])
                    copy.rename(self.folder() / "used")
