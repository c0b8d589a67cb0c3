"""`uvspdy cp` over connections that are cut off anywhere: nothing short ever has the final name."""

import fcntl
import os
import random
import shutil
import signal
import subprocess

import kube_clients
from cp_cases import TEMPORARY, UVSPDY, CpTestCase
from exec_cases import random_bytes
from kube_clients import Access
from kubectls import KUBECTLS
from links import Links
from peers import DEADLINE, commands_of, run, send_two_signals, wait_until
from scripted_pod import ScriptedPod

TRIES = 25
SIZE = 300_000


class CutTestCase(CpTestCase):
    def setUp(self):
        super().setUp()
        links = Links()
        self.links = links.__enter__()
        self.addCleanup(links.__exit__)
        self.server = self.serve_commands()
        self.data = random_bytes(SIZE)

    def points(self, seed):
        """Where to cut: everywhere, and often near the beginning and the end."""
        generator = random.Random(seed)
        for number in range(TRIES):
            after = generator.choice([2000, SIZE, SIZE + 8000])
            yield number, generator.randrange(after), generator.random() < 0.5

    def copy_cut(self, words, after, for_good):
        link = self.links.open(
            self.server.address, cut_at=after, both_ways=True, for_good=for_good
        )
        result = self.cp(*words, server=link.target)
        self.links.close(link)
        return result

    def check_result(self, result, final, before):
        """Whole or as before; and success means whole."""
        if result.returncode == 0:
            self.assertEqual(self.content(final), self.whole)
            return
        self.assertEqual(result.returncode, 1)
        last = result.stderr.decode(errors="replace").splitlines()[-1]
        self.assertRegex(last, "^uvspdy cp: ")
        self.assertIn(self.content(final), (before, self.whole))

    def content(self, path):
        if path.is_dir():
            names = [name for name in os.listdir(path) if not name.startswith(TEMPORARY)]
            return {name: (path / name).read_bytes() for name in names}
        return path.read_bytes() if path.exists() else None

    def check(self, source, final, words, before):
        self.whole = self.content(source)
        if before is not None:
            final.write_bytes(before)
        for number, after, for_good in self.points(final.name):
            with self.subTest(number=number, after=after, for_good=for_good):
                result = self.copy_cut(words, after, for_good)
                self.check_result(result, final, before)
                self.assertEqual(self.leftovers(self.here), [])
                if for_good:  # there was no way to tidy up there
                    self.tidy_up()
                else:
                    self.wait_for_no_leftovers()
                if self.content(final) != before:  # it came through: once more from the start
                    self.remove(final)
                    if before is not None:
                        final.write_bytes(before)

    def remove(self, path):
        if path.is_dir():
            for name in os.listdir(path):
                (path / name).unlink()
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def tidy_up(self):
        # The server notices by itself, too, that nobody is there any more.
        wait_until(lambda: not commands_of(self.server), "the server's commands to end")
        for folder in self.leftovers():
            shutil.rmtree(folder)

    def make_folder(self, path):
        path.mkdir()
        for number in range(6):
            (path / f"{number}").write_bytes(self.data[number : SIZE // 6])
        return path


class Downloads(CutTestCase):
    def test_a_file(self):
        source = self.there / "file"
        source.write_bytes(self.data)
        self.check(source, self.here / "copy", [self.remote("file"), self.here / "copy"], None)

    def test_a_file_in_another_one_s_place(self):
        source = self.there / "file"
        source.write_bytes(self.data)
        self.check(source, self.here / "copy", [self.remote("file"), self.here / "copy"], b"older")

    def test_a_folder(self):
        source = self.make_folder(self.there / "folder")
        self.check(source, self.here / "copy", [self.remote("folder"), self.here / "copy"], None)


class Uploads(CutTestCase):
    def test_a_file(self):
        source = self.here / "file"
        source.write_bytes(self.data)
        self.check(source, self.there / "copy", [source, self.remote("copy")], None)

    def test_a_file_in_another_one_s_place(self):
        source = self.here / "file"
        source.write_bytes(self.data)
        self.check(source, self.there / "copy", [source, self.remote("copy")], b"older")

    def test_a_folder(self):
        source = self.make_folder(self.here / "folder")
        self.check(source, self.there / "copy", [source, self.remote("copy")], None)

    def test_a_folder_into_one_that_is_there(self):
        """Each file is what it was or what it shall be, and success means that all are."""
        source = self.make_folder(self.here / "folder")
        whole = self.content(source)
        final = self.there / "folder"
        for number, after, for_good in self.points("merge"):
            with self.subTest(number=number, after=after, for_good=for_good):
                final.mkdir()
                for name in whole:
                    (final / name).write_bytes(b"older")
                result = self.copy_cut([source, self.remote()], after, for_good)
                wait_until(lambda: not commands_of(self.server), "the server's commands to end")
                copied = self.content(final)
                self.assertEqual(set(copied), set(whole))
                for name, content in copied.items():
                    allowed = [whole[name]] if result.returncode == 0 else [whole[name], b"older"]
                    self.assertIn(content, allowed)
                self.tidy_up()
                self.remove(final)


class Kubectl(CutTestCase):
    def test_it_leaves_a_short_file_under_the_final_name(self):
        """Which shows that the cuts are where they hurt."""
        if not KUBECTLS:
            self.skipTest("kubectl is not on the PATH")
        (self.there / "file").write_bytes(self.data)
        link = self.links.open(self.server.address, cut_at=SIZE // 2)
        client = kube_clients.Kubectl(self.folder(), Access(link.target), KUBECTLS[0])
        copy = client.copy(f"uvspdy:{self.there}/file", self.here / "copy")
        self.assertNotEqual(run(copy, env=client.environment).returncode, 0)
        self.assertIn(len((self.here / "copy").read_bytes()), range(SIZE))


class Retries(CutTestCase):
    def check_retries(self, words, copy):
        for retries, cuts, code in [("3", 3, 0), ("-1", 4, 0), ("1", 2, 1)]:
            with self.subTest(retries=retries, cuts=cuts):
                link = self.links.open(
                    self.server.address,
                    cut_at=SIZE // 2,
                    both_ways=True,
                    for_good=False,
                    cuts=cuts,
                )
                result = self.cp("--retries", retries, *words, server=link.target)
                self.assert_exit(result, code)
                self.assertEqual(result.stderr.count(b"trying again"), cuts - code)
                self.assertEqual(copy.exists(), code == 0)
                if code == 0:
                    self.assert_same_bytes(copy.read_bytes(), self.data)
                    copy.unlink()
                self.wait_for_no_leftovers()

    def test_from_the_pod(self):
        (self.there / "file").write_bytes(self.data)
        copy = self.here / "copy"
        self.check_retries([self.remote("file"), copy], copy)

    def test_to_the_pod(self):
        (self.here / "file").write_bytes(self.data)
        self.check_retries([self.here / "file", self.remote("copy")], self.there / "copy")

    def test_a_target_is_not_another_one_because_an_attempt_was_cut_off_too_late(self):
        """Moved, but the answer is lost: a second move would put the folder into itself."""
        moved = self.folder() / "moved"
        for name in ("file", "folder", "link"):
            with self.subTest(name=name):
                moved.unlink(missing_ok=True)
                move = f"/bin/mv \"$@\" || exit; [ -e '{moved}' ] && exit; : >'{moved}'; sleep 1000"
                server = self.serve_commands(mv=move)
                link = self.links.open(server.address, for_good=False)
                source = self.here / name
                if name == "folder":
                    self.make_folder(source)
                elif name == "link":
                    source.symlink_to("folder")
                else:
                    source.write_bytes(self.data)
                client = self.start(
                    self.command("--retries", "1", source, self.remote(name), server=link.target),
                    stderr=subprocess.PIPE,
                )
                wait_until(moved.exists, "the first move")
                self.links.cut(link)
                _, error = client.communicate(timeout=DEADLINE)
                self.assertEqual(client.returncode, 0, error)
                self.assertEqual(error.count(b"trying again"), 1)
                self.check_same(self.there / name, source.resolve())
                self.wait_for_no_leftovers()

    def test_a_failure_there_is_not_tried_again(self):
        result = self.cp("--retries", "-1", self.remote("missing"), self.here)
        self.check_failed(result, "exit code 2")
        result = self.cp("--retries", "-1", "other:/x", self.here)
        self.check_failed(result, "not found")

    def test_a_server_s_refusal_is_not_tried_again(self):
        server = ScriptedPod(self)
        server.outcome = {"message": "no such thing"}
        result = self.cp("--retries", "-1", "web:/x", self.here, server=server.url())
        self.check_failed(result, "no such thing")
        self.assertNotIn(b"trying again", result.stderr)


class Killed(CutTestCase):
    def test_the_server(self):
        marker = self.folder() / "started"
        scripts = self.folder()
        tar = scripts / "tar"
        tar.write_text(f"#!/bin/sh\n/bin/tar \"$@\"; touch '{marker}'; exec sleep 1000\n")
        tar.chmod(0o755)
        (self.there / "file").write_bytes(self.data)
        path = f"{scripts}:{os.environ['PATH']}"
        server = self.serve_mortal("env", f"PATH={path}", UVSPDY, "serve")
        client = self.start(
            self.command(self.remote("file"), self.here / "copy", server=server),
            stderr=subprocess.PIPE,
        )
        wait_until(marker.exists, "tar to have sent all")
        server.end(signal.SIGKILL)
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 1)
        self.assert_one_line(error, "the command's exit status is unknown")
        self.assertEqual(os.listdir(self.here), [])


class Unread(CpTestCase):
    def test_lines_that_nobody_reads_stop_nothing(self):
        words = "tar: a warning, of which there are many"
        script = f"i=0; while [ $i -lt 500 ]; do echo '{words}' >&2; i=$((i+1)); done; exec /bin/tar"
        self.server = self.serve_commands(tar=f'{script} "$@"')
        (self.there / "file").write_bytes(b"content")
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        client = self.start(self.command(self.remote("file"), self.here / "copy"), stderr=writer)
        os.close(writer)
        self.assertEqual(client.wait(DEADLINE), 0)
        self.assertEqual((self.here / "copy").read_bytes(), b"content")
        self.assertIn(words.encode() + b"\n", os.read(reader, 8192))


class Stopped(CpTestCase):
    """By signals, while the server takes nothing more."""

    def setUp(self):
        super().setUp()
        self.server = self.serve_mortal(UVSPDY, "serve")
        self.addCleanup(self.server.process.kill)
        with open(self.here / "file", "wb") as file:
            file.truncate(64 << 20)  # more than any buffer on the way holds
        self.client = self.start(
            self.command(self.here / "file", self.remote("copy")), stderr=subprocess.DEVNULL
        )
        wait_until(self.leftovers, "the copy to have begun")
        self.server.process.send_signal(signal.SIGSTOP)

    def test_one(self):
        self.client.send_signal(signal.SIGTERM)
        self.assertEqual(self.client.wait(DEADLINE), 128 + signal.SIGTERM)

    def test_a_second_one_ends_it_at_once(self):
        expected = send_two_signals(self.client)
        self.assertIn(self.client.wait(DEADLINE), expected)
