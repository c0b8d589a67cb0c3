"""`uvspdy cp`: what it is told to copy, and what it will not do: then nothing is done at all."""

import os
import stat

import trees
from cp_cases import COMMANDS, UVSPDY, CpTestCase
from network_cases import ENVIRONMENT
from peers import run
from scripted_pod import ScriptedPod, status


class Specifications(CpTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve(UVSPDY, "serve")
        (self.there / "file").touch()

    def test_namespace_and_container(self):
        path = str(self.there / "file")
        for words in [
            ["uvspdy:" + path],
            ["somewhere/uvspdy:" + path],
            ["-n", "somewhere", "uvspdy:" + path],
            ["-c", "main", "uvspdy:" + path],
        ]:
            with self.subTest(words=words):
                self.check_copied(self.cp(*words, self.here / "copy"))
                (self.here / "copy").unlink()

    def test_unknown_ones(self):
        path = str(self.there / "file")
        self.check_failed(
            self.cp("other:" + path, self.here), '\\(NotFound\\): pods "other" not found'
        )
        self.check_failed(
            self.cp("-c", "other", "uvspdy:" + path, self.here), "container other is not valid"
        )
        self.assertEqual(os.listdir(self.here), [])

    def test_wrong_ones(self):
        canonical = "filespec must match the canonical format: \\[\\[namespace/\\]pod:\\]file/path"
        for words, pattern in [
            ((":/x", "y"), canonical),
            (("a/b/c:/x", "y"), canonical),
            (("/b:/x", "y"), "one of src or dest must be a remote file specification"),
            (("x", "y"), "one of src or dest must be a remote file specification"),
            (("a:x", "b:y"), "one of src or dest must be a local file specification"),
            (("a:", "y"), "filepath can not be empty"),
            (("a:x", ""), "filepath can not be empty"),
        ]:
            with self.subTest(words=words):
                result = self.cp(*words)
                self.check_failed(result, pattern, 2)
                self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_mistakes_in_the_command_line(self):
        for words in [[], ["a:b"], ["a:b", "c", "d"], ["--unknown", "a:b", "c"]]:
            with self.subTest(words=words):
                self.assert_exit(run([UVSPDY, "cp", *words]), 2)

    def test_words_behind_two_dashes(self):
        """They are arguments, though they look like flags."""
        (self.there / "-v").touch()
        self.check_copied(self.cp("--", self.remote("file"), self.here / "copy"))
        self.check_copied(
            run(
                [UVSPDY, "cp", "-s", self.server.target, "--", "-v", f"uvspdy:{self.there}/copied"],
                cwd=self.there,
            )
        )
        self.assertTrue((self.there / "copied").exists())
        for words in [["a:b", "--", "c", "d"], ["--", "a:b"]]:
            self.assert_exit(run([UVSPDY, "cp", *words]), 2)

    def test_requests_are_shown(self):
        result = self.cp("-v", "6", self.remote("file"), self.here / "copy")
        self.assert_exit(result, 0)
        self.assertRegex(result.stderr.decode(), r"(?m)^GET http://\S+/pods/uvspdy$")

    def test_a_pod_that_may_not_be_seen_is_told(self):
        server = ScriptedPod(self)
        server.pod = server.refusal = status(403, "Forbidden", "not for you")
        words = ["-v", "1", "web:/x", self.here]
        self.assertIn(b"the pod is not shown", self.cp(*words, server=server.url()).stderr)

    def test_help_names_all_that_the_pod_needs(self):
        text = run([UVSPDY, "cp", "--help"]).stdout.decode()
        for command in COMMANDS:
            self.assertRegex(text, rf"\b{command}\b")

    def test_by_a_kubeconfig(self):
        config = self.folder() / "config"
        self.serve(UVSPDY, "serve", "--kubeconfig-out", str(config))
        result = run(
            [UVSPDY, "cp", f"uvspdy:{self.there}/file", str(self.here)],
            env={**ENVIRONMENT, "KUBECONFIG": str(config)},
        )
        self.check_copied(result)
        self.assertEqual(os.listdir(self.here), ["file"])


class Refused(CpTestCase):
    """Nothing is half done."""

    def setUp(self):
        super().setUp()
        self.server = self.serve(UVSPDY, "serve")

    def summaries(self):
        # A temporary folder that comes and goes changes the time of the one it is in.
        return [trees.summary(folder, times=False) for folder in (self.here, self.there)]

    def check_nothing_done(self, words, pattern):
        before = self.summaries()
        result = self.cp(*words)
        self.check_failed(result, pattern)
        self.assertEqual(self.summaries(), before)
        return result

    def test_what_is_not_there(self):
        missing = self.here / "missing"
        self.check_nothing_done([missing, self.remote()], "missing doesn't exist in local filesys")
        result = self.check_nothing_done(
            [self.remote("missing"), self.here], "command terminated with exit code 2"
        )
        self.assertRegex(result.stderr, b"^tar: missing: Cannot stat: No such file or directory")
        (self.here / "file").touch()
        result = self.check_nothing_done(
            [self.here / "file", self.remote("none", "file")], "command terminated with exit code"
        )
        self.assertRegex(result.stderr, b"^tar: .*none: Cannot open: No such file or directory")

    def test_folders_and_files_in_each_other_s_place(self):
        for folder in (self.here, self.there):
            (folder / "file").touch()
            (folder / "folder").mkdir()
            (folder / "folder" / "file").mkdir()
        self.check_nothing_done([self.remote("file"), self.here / "folder"], "overwrite directory")
        self.check_nothing_done([self.here / "file", self.remote("folder")], "overwrite directory")
        self.check_nothing_done([self.remote("folder"), self.here / "file"], "overwrite non-direc")
        self.check_nothing_done([self.here / "folder", self.remote("file")], "exit code 1")
        self.check_nothing_done([self.remote("file"), f"{self.here}/none/"], "is no folder")
        self.check_nothing_done([self.here / "file", self.remote("none") + b"/"], "is no folder")

    def test_a_merge_that_would_fail_in_the_middle(self):
        for name in "abc":
            (self.there / "folder" / name).mkdir(parents=True)
            (self.there / "folder" / name / "file").touch()
        (self.here / "folder" / "c" / "file" / "in the way").mkdir(parents=True)
        self.check_nothing_done([self.remote("folder"), self.here / "folder"], "overwrite directory")

    def test_a_merge_does_not_follow_links_here(self):
        (self.there / "folder" / "sub").mkdir(parents=True)
        (self.there / "folder" / "sub" / "file").touch()
        outside = self.folder()
        (self.here / "folder").mkdir()
        (self.here / "folder" / "sub").symlink_to(outside)
        self.check_nothing_done([self.remote("folder"), self.here / "folder"], "non-directory")
        self.assertEqual(os.listdir(outside), [])

    def test_a_merge_into_what_may_not_be_written_to(self):
        for folder in (self.here, self.there):
            (folder / "folder" / "b").mkdir(parents=True)
            (folder / "folder" / "a").touch()
            (folder / "folder" / "b" / "file").touch()
        (self.here / "folder" / "b").chmod(0o500)
        words = [self.remote("folder"), self.here / "folder"]
        if os.geteuid() == 0:  # who may write to any folder
            self.check_copied(self.cp(*words))
        else:
            self.check_nothing_done(words, "cannot write to")

    def test_what_is_no_file_is_not_replaced(self):
        (self.there / "file").touch()
        os.mkfifo(self.here / "fifo")
        self.check_nothing_done([self.remote("file"), self.here / "fifo"], "no regular file")
        (self.here / "null").symlink_to("/dev/null")
        self.check_nothing_done([self.remote("file"), self.here / "null"], "link, which is not")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_a_command_is_missing_there(self):
        (self.here / "file").touch()
        (self.there / "file").touch()
        for command in ("wc", "mv"):
            with self.subTest(command=command):
                server = self.serve_commands(**{command: "exit 127"})
                self.check_failed(
                    self.cp(self.here / "file", self.remote("copy"), server=server),
                    f"the pod has no {command}, .*exit code 127",
                )
                self.assertFalse((self.there / "copy").exists())
                self.check_no_leftovers()
