"""`uvspdy cp` of a folder into one that the pod has: what is in the way there, and what fails."""

import os
import shutil

import trees
from cp_cases import CpTestCase, find_tars

NO_HARD_LINKS = 'echo "no hard links" >&2; exit 1'


class MergeTestCase(CpTestCase):
    def setUp(self):
        super().setUp()
        self.source = self.here / "site"
        self.site = self.there / "site"
        for folder in (self.source, self.site):
            (folder / "sub" / "deep").mkdir(parents=True)

    def for_each_pod(self, check):
        """With the commands of GNU and of BusyBox, with hard links and without."""
        for whose in ("GNU", "BusyBox"):
            commands = find_tars()[whose]
            if commands is None:
                continue
            for kind in ({}, self.without_hard_links(commands)):
                with self.subTest(whose=whose, kind=list(kind)):
                    self.server = self.serve_commands(**{**commands, **kind})
                    check()

    @staticmethod
    def without_hard_links(commands):
        cp = commands.get("cp", 'exec /bin/cp "$@"')
        return {"cp": f"case $1 in -*l*) {NO_HARD_LINKS};; esac; {cp}", "ln": NO_HARD_LINKS}

    def merge(self):
        return self.cp(self.source, self.remote())


class Links(MergeTestCase):
    def test_a_link_to_a_folder_is_not_followed(self):
        outside = self.folder()
        (outside / "deep").mkdir(mode=0o711)
        (self.source / "sub" / "deep" / "file").write_text("new")
        (self.source / "sub" / "deep").chmod(0o700)
        (self.source / "other").write_text("new")
        for link in ("sub", "sub/deep"):
            shutil.rmtree(self.site)
            (self.site / link).parent.mkdir(parents=True)
            (self.site / link).symlink_to(outside)
            self.for_each_pod(lambda: self.check_refused(outside))

    def check_refused(self, outside):
        before = trees.summary(outside)
        result = self.merge()
        self.check_failed(result, "exit code 1")
        self.assertRegex(result.stderr, rb"site/sub\S* is a symbolic link")
        self.assertEqual(trees.summary(outside), before)
        self.assertEqual((self.site / "other").read_text(), "new")
        self.check_no_leftovers()

    def test_the_target_itself_may_be_one(self):
        (self.source / "sub" / "file").write_text("new")
        place = self.folder()
        shutil.rmtree(self.site)
        self.site.symlink_to(place)

        def check():
            self.check_copied(self.merge())
            self.check_same(place, self.source, times=False)

        self.for_each_pod(check)

    def test_a_link_in_the_place_of_a_file_is_replaced(self):
        outside = self.folder()
        (self.source / "sub" / "file").write_text("new")

        def check():
            (self.site / "sub" / "file").unlink(missing_ok=True)
            (self.site / "sub" / "file").symlink_to(outside)
            self.check_copied(self.merge())
            self.assertEqual((self.site / "sub" / "file").read_text(), "new")
            self.assertEqual(os.listdir(outside), [])

        self.for_each_pod(check)


class Failures(MergeTestCase):
    def test_a_file_that_cannot_be_copied_leaves_the_old_one(self):
        (self.source / "sub" / "file").write_text("new")
        fail = 'echo "cp: No space left on device" >&2; exit 1'
        for whose in ("GNU", "BusyBox"):
            commands = find_tars()[whose]
            if commands is None:
                continue
            with self.subTest(whose=whose):
                (self.site / "sub" / "file").write_text("old")
                # As a file system without hard links, which is full.
                lose = f"case $1 in -alf) rm -f '{self.site}/sub/file';; esac; {fail}"
                self.server = self.serve_commands(**{**commands, "cp": lose, "ln": NO_HARD_LINKS})
                self.check_failed(self.merge(), "exit code 1")
                self.assertEqual((self.site / "sub" / "file").read_text(), "old")
                self.check_no_leftovers()

    def test_a_failure_before_the_last_files(self):
        """BusyBox find tells the exit status of the last of its commands only."""
        commands = find_tars()["BusyBox"]
        if commands is None:
            self.skipTest("BusyBox is not on the PATH")
        for number in range(700):
            (self.source / f"{number:0220}").touch()
        # The first of two shells cannot be started: its words are as many as find believes to fit,
        # and the environment is too much.
        find = f"ulimit -s 512; {commands['find']}"
        scripts = {**commands, **self.without_hard_links(commands), "find": find}
        self.server = self.serve_commands(**scripts)
        self.check_failed(self.merge(), "exit code 1")
        self.assertIn(len(list(self.site.glob("0*"))), range(1, 700))
        self.check_no_leftovers()

    def test_a_pod_without_find(self):
        (self.source / "sub" / "file").write_text("new")
        self.server = self.serve_commands(sh="exit 127", find="exit 127")
        self.check_copied(self.merge())
        self.check_same(self.site, self.source, times=False)


class Interrupted(MergeTestCase):
    def interrupt(self, **scripts):
        """The commands are killed while a file is copied, as for want of memory."""
        half = 'case $3 in *.part) : >"$3"; kill -KILL 0;; esac'
        no_links = f"case $1 in -*l*) {NO_HARD_LINKS};; esac"
        cp = f'{no_links}; {half}; exec /bin/cp "$@"'
        self.server = self.serve_commands(cp=cp, ln=NO_HARD_LINKS, **scripts)
        (self.source / "sub" / "file").write_text("new")
        result = self.merge()
        self.assert_exit(result, 1)
        self.assertIn(b"137", result.stderr)
        return result.stderr.decode()

    def parts(self, folder):
        return list(folder.rglob("*.part"))

    def test_below_a_link(self):
        place = self.folder()
        (place / "sub").mkdir()
        shutil.rmtree(self.site)
        self.site.symlink_to(place)
        self.interrupt()
        self.assertEqual(self.parts(place), [])

    def test_a_folder_that_cannot_be_read(self):
        """As lost+found, for which find fails."""
        find = 'case $* in *.part*) /usr/bin/find "$@"; exit 1;; esac; exec /usr/bin/find "$@"'
        error = self.interrupt(find=find)
        self.assertNotIn("may be left", error)
        self.assertEqual(self.parts(self.site), [])

    def test_what_is_left_is_named(self):
        find = 'case $* in *.part*-exec*) exit 1;; esac; exec /usr/bin/find "$@"'
        error = self.interrupt(find=find)
        (part,) = self.parts(self.site)
        self.assertRegex(error, f"left in the pod: .*{part.name} in folders below {self.site}\n")


