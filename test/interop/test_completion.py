"""What shells complete for `uvspdy`: by its hidden command, and in bash, zsh and fish themselves.
And what else it says of itself: help, version, the manual page."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import termios
import time
import urllib.parse

from peers import DEADLINE, PeerTestCase, program, run
from scripted_pod import ScriptedPod, pod_with

UVSPDY = program("UVSPDY_COMMAND")
NO_SPACE, NO_FILES = 2, 4


class Cluster(ScriptedPod):
    """Has lists, in pages, beside its one pod."""

    def __init__(self, test):
        self.lists = {
            "namespaces": ["default", "prod", "prod-db"],
            "default/pods": ["db-0", "web", "web-1"],
            "prod/pods": ["other"],
        }
        self.page = 100
        super().__init__(test, pod_with(["main", "side"], init=["setup"]))

    def answer(self, target):
        """What a GET of this is answered with."""
        path, _, query = target.partition("?")
        name = re.sub(r"^/api/v1/(namespaces/)?(?=.)", "", path)
        items = self.lists.get(name)
        if items is None:
            return self.pod
        query = urllib.parse.parse_qs(query)
        start = int(query.get("continue", ["0"])[0])
        page = items[start : start + self.page]
        rest = str(start + self.page) if start + self.page < len(items) else ""
        objects = [{"metadata": {"name": name}} for name in page]
        return 200, {"kind": "PodList", "metadata": {"continue": rest}, "items": objects}


class Completion(PeerTestCase):
    def setUp(self):
        self.cluster = Cluster(self)
        self.flags = ["-s", self.cluster.url()]

    def complete(self, *words, env=None):
        """The candidates without their meanings, and the directive."""
        result = run([UVSPDY, "__complete", *words], env={**os.environ, **(env or {})})
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        *lines, last = result.stdout.decode().splitlines()
        return [line.partition("\t")[0] for line in lines], int(last.removeprefix(":"))

    def check(self, expected, *words, directive=NO_FILES, **options):
        self.assertEqual(self.complete(*words, **options), (expected, directive), words)

    def test_commands(self):
        every = "exec attach port-forward cp serve dump demo completion help version".split()
        self.check(every, "")
        self.check(every)
        self.check(["exec"], "ex")
        self.check(["cp", "completion"], "-n=prod", "c")
        self.check(["exec"], "-n", "prod", "e")
        self.check(["exec"], "help", "e")
        self.check(["bash", "zsh", "fish"], "completion", "")

    def test_flags(self):
        self.check(["--context", "--container"], "exec", "web", "--cont")
        self.check(["--request-timeout", "--retries"], "cp", "--re")
        self.check(["--request-timeout", "--reconnect"], "port-forward", "--re")
        self.check(["automatic", "standard", "none"], "exec", "--flow-control", "")
        self.check(["--flow-control=none"], "exec", "--flow-control=n")
        self.check([], "exec", "--kubeconfig", "", directive=0)
        self.check([], "exec", "--cache", "")  # which is no flag

    def test_pods(self):
        for words in (["exec"], ["attach"], ["port-forward"]):
            self.check(["web", "web-1"], *words, *self.flags, "w")
        self.check(["db-0", "web", "web-1"], *self.flags, "exec", "-it", "")
        self.check(["pod/web", "pod/web-1"], "exec", *self.flags, "pod/we")
        self.check(["other"], "exec", *self.flags, "--namespace=prod", "")
        self.check(["web:", "web-1:"], "cp", *self.flags, "w", directive=NO_SPACE)
        self.check(["db-0:"], "cp", *self.flags, "file", "d", directive=NO_SPACE)
        self.check([], "cp", *self.flags, "./fi", directive=0)
        self.check([], "exec", *self.flags, "web", "")
        self.check([], "exec", *self.flags, "web", "--", "")
        self.check([], "port-forward", *self.flags, "web", "")

    def test_containers_and_namespaces(self):
        self.check(["main", "side", "setup"], "exec", *self.flags, "web", "-c", "")
        self.check(["--container=side"], "exec", *self.flags, "web", "--container=si")
        self.check([], "exec", *self.flags, "-c", "")
        self.check(["prod", "prod-db"], "exec", *self.flags, "-n", "p")
        self.assertEqual(self.cluster.requests[-1], "GET /api/v1/namespaces?limit=100")

    def test_pages(self):
        names = [f"pod-{i}" for i in range(7)]
        self.cluster.lists["default/pods"], self.cluster.page = names, 3
        self.check(names, "exec", *self.flags, "")
        self.assertEqual(len(self.cluster.requests), 3)

    def test_contexts(self):
        config = self.folder() / "config"
        names = ["arn:aws:eks:eu:1:cluster/a", "b", "c d", "$(reboot)"]
        contexts = [{"name": name, "context": {"cluster": "c"}} for name in names]
        config.write_text(json.dumps({"kind": "Config", "apiVersion": "v1", "contexts": contexts}))
        expected = ["arn:aws:eks:eu:1:cluster/a", "b"]
        self.check(expected, "exec", "--context", "", env={"KUBECONFIG": str(config)})
        self.check(["b"], "exec", "--kubeconfig", str(config), "--context", "b")

    def test_names_that_a_shell_would_obey_are_left_out(self):
        evil = ["$(reboot)", "`reboot`", "a b", "a;b", "-rf", "a\nb", "a\u001bb", "a'b", "", "*"]
        self.cluster.lists["default/pods"] = [*evil, "good"]
        self.cluster.pod = 200, pod_with([*evil, "good"])
        self.check(["good"], "exec", *self.flags, "")
        self.check(["good"], "exec", *self.flags, "web", "-c", "")

    def test_whatever_fails_disturbs_nobody(self):
        self.check([], "exec", "-s", "http://127.0.0.1:1", "")
        self.check([], "exec", "--kubeconfig", "/nowhere", "")
        self.check([], "exec", "--unknown", "")
        self.check([], "unknown", "")
        self.check([], "exec", *self.flags, "--request-timeout=x", "")
        for answer in [(403, {}), (200, {"kind": "Pod"}), (200, {"kind": "List", "items": [[]]})]:
            self.cluster.lists, self.cluster.pod = {}, answer
            self.check([], "exec", *self.flags, "")
        self.cluster.pod = None  # silence
        start = time.monotonic()
        self.check([], "exec", *self.flags, "")
        self.assertLess(time.monotonic() - start, 30)

    # In the shells themselves.

    def shell(self, name):
        path = shutil.which(name)
        if not path:
            self.skipTest(f"there is no {name}")
        script = self.folder() / f"completion.{name}"
        result = run([UVSPDY, "completion", name])
        self.assert_exit(result, 0)
        script.write_bytes(result.stdout)
        environment = {**os.environ, "PATH": f"{os.path.dirname(UVSPDY)}:{os.environ['PATH']}",
                       "HOME": str(self.folder()), "TERM": "dumb", "PS1": "> "}  # fmt: skip
        return path, script, environment

    def typed(self, command, environment, setup, line, expected):
        """Types a line with tabs into an interactive shell, until the expected text is shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command[0], command, environment)
        try:
            # Wide, so that no line is drawn anew.
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 500, 0, 0))
            os.write(terminal, setup.encode() + b"\n")
            self.read_until(terminal, "READY-1")
            os.write(terminal, line.encode())
            self.read_until(terminal, expected)
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)

    def read_until(self, terminal, expected):
        seen = b""
        end = time.monotonic() + DEADLINE
        while expected.encode() not in seen:
            self.assertLess(time.monotonic(), end, f"{expected!r} is not in {seen!r}")
            if select.select([terminal], [], [], 0.1)[0]:
                # zsh takes the space back that it has added, to write it again, and rings the bell.
                seen += os.read(terminal, 4096)
                seen = seen.replace(b" \x08", b"").replace(b"\x07", b"")

    def test_bash(self):
        path, script, environment = self.shell("bash")
        setup = f"cd {script.parent}; source {script}; echo READY-$((1))"
        command = [path, "--norc", "--noprofile", "-i"]
        url = self.cluster.url()
        # What is completed alone is inserted, with its space: the rest is typed behind it.
        for line, expected in [
            ("uvspdy ex\t", "uvspdy exec "),
            (f"uvspdy exec -s {url} d\t--", f"{url} db-0 --"),
            (f"uvspdy exec --server={url} --namespace=prod-\t-- ", "--namespace=prod-db -- "),
            (f"uvspdy cp -s {url} x d\t/f", f"{url} x db-0:/f"),
            (f"uvspdy exec -s {url} web\t\t", "web-1"),
            ("uvspdy dump compl\t!", "completion.bash !"),
        ]:
            with self.subTest(line=line):
                self.typed(command, environment, setup, line, expected)

    def test_zsh(self):
        path, script, environment = self.shell("zsh")
        setup = f"autoload -U compinit; compinit -u; cd; source {script}; echo READY-$((1))"
        url = self.cluster.url()
        for line, expected in [
            ("uvspdy ex\t!", "exec !"),
            (f"uvspdy exec -s {url} d\t!", "db-0 !"),
            (f"uvspdy exec -s {url} web -c si\t!", "side !"),
            (f"uvspdy cp -s {url} x d\t/f", "db-0:/f"),
        ]:
            with self.subTest(line=line):
                self.typed([path, "-f", "-i"], environment, setup, line, expected)

    def test_fish(self):
        path, script, environment = self.shell("fish")
        url = self.cluster.url()
        for line, expected in [
            ("uvspdy ex", ["exec"]),
            (f"uvspdy exec -s {url} w", ["web", "web-1"]),
            (f"uvspdy exec -s {url} web -c ", ["main", "setup", "side"]),
            (
                f"uvspdy exec --server={url} --namespace=p",
                ["--namespace=prod", "--namespace=prod-db"],
            ),
        ]:
            with self.subTest(line=line):
                words = ["-c", f'source {script}; complete -C "{line}"']
                result = run([path, "--no-config", *words], env=environment)
                self.assert_exit(result, 0)
                lines = result.stdout.decode().splitlines()
                self.assertEqual(sorted(each.partition("\t")[0] for each in lines), expected)


class About(PeerTestCase):
    def test_help(self):
        every = run([UVSPDY, "--help"])
        self.assert_exit(every, 0)
        self.assertEqual(run([UVSPDY, "help"]).stdout, every.stdout)
        for command in ("exec", "attach", "port-forward", "cp", "serve", "dump", "demo"):
            self.assertIn(f"\n  {command}\n", every.stdout.decode())
            text = run([UVSPDY, "help", command])
            self.assert_exit(text, 0)
            self.assertEqual(text.stdout, run([UVSPDY, command, "--help"]).stdout)
        result = run([UVSPDY, "help", "exce"])
        self.assert_exit(result, 2)
        self.assert_one_line(result.stderr, "did you mean 'exec'")

    def test_version(self):
        result = run([UVSPDY, "version"])
        self.assert_exit(result, 0)
        self.assertRegex(result.stdout, rb"\Auvspdy \d+\.\d+\.\d+\n\Z")
        for words in (["--version"], ["version", "--client"], ["version", "--client=true"]):
            self.assertEqual(run([UVSPDY, *words]).stdout, result.stdout)

    def test_no_other_shell(self):
        for words in (["tcsh"], [], ["bash", "zsh"]):
            self.assert_exit(run([UVSPDY, "completion", *words]), 2)

    def test_manual_page(self):
        page = os.path.join(os.path.dirname(UVSPDY), "uvspdy.1")
        text = run([UVSPDY, "__man"]).stdout
        with open(page, "rb") as made:
            self.assertEqual(made.read(), text)
        if not shutil.which("man"):
            self.skipTest("there is no man")
        environment = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
        result = run(["man", "--warnings", "-l", page], env=environment)
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        shown = re.sub(r"\s+", " ", re.sub(".\b", "", result.stdout.decode()))
        for part in ["uvspdy exec [OPTIONS] POD -- COMMAND...", "--as-group GROUP", "EXIT STATUS",
                     "124 The time of --timeout is over", "2 The command line is wrong",
                     "Bearer token", "--retries"]:  # fmt: skip
            self.assertIn(part, shown)
