"""What shells complete for `uvspdy`: by its hidden command, and in bash, zsh and fish themselves.
And what else it says of itself: help, version, the manual page."""

import json
import os
import re
import shutil
import signal
import time
import urllib.parse

from local_terminal import LocalTerminal
from peers import DEADLINE, PeerTestCase, program, run, wait_until
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

    def complete(self, *words, env=None, **options):
        """The candidates without their meanings, and the directive."""
        result = run([UVSPDY, "__complete", *words], env={**os.environ, **(env or {})}, **options)
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
        self.check([], "exec", *self.flags, "deploy/we")  # which is refused

    def test_behind_dashes_there_are_no_flags(self):
        self.check([], "exec", *self.flags, "web", "--", "-")
        self.check([], "exec", *self.flags, "web", "--", "ls", "--a")
        self.check([], "serve", "--", "-", directive=0)
        self.check([], "attach", *self.flags, "--", "--")
        self.check([], "port-forward", *self.flags, "web", "--", "-")
        self.check(["web", "web-1"], "port-forward", *self.flags, "--", "w")
        self.check(["db-0:"], "cp", *self.flags, "--", "file", "d", directive=NO_SPACE)
        self.check([], "cp", *self.flags, "--", "file", "--re", directive=NO_SPACE)
        self.check(["--retries"], "cp", "--as", "--", "--ret")  # the value of --as
        self.check([], "exec", "--kubeconfig", "--re", directive=0)  # so is this

    def test_pods_of_another_namespace(self):
        self.check(["prod/other:"], "cp", *self.flags, "prod/", directive=NO_SPACE)
        self.check(["prod/other:"], "cp", "-n", "x", *self.flags, "f", "prod/o", directive=NO_SPACE)
        for wrong in ("prod/other/", "none/"):
            self.check([], "cp", *self.flags, wrong, directive=NO_SPACE)
        asked = len(self.cluster.requests)
        self.check([], "cp", *self.flags, "a?b/", directive=NO_SPACE)
        self.check([], "exec", *self.flags, "-n", "..", "")
        self.check([], "exec", *self.flags, "-n", "$NAMESPACE", "")
        self.assertEqual(len(self.cluster.requests), asked)  # no namespace has such a name
        self.check(["side"], "cp", *self.flags, "file", "prod/other:/f", "-c", "si")
        self.assertEqual(self.cluster.requests[-1], "GET /api/v1/namespaces/prod/pods/other")
        self.check(["side"], "cp", *self.flags, "web:/f", "--container", "si")
        self.assertEqual(self.cluster.requests[-1], "GET /api/v1/namespaces/default/pods/web")
        self.check([], "cp", *self.flags, "/file", "-c", "")

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

    def test_a_file_that_never_ends_does_not_hang_the_shell(self):
        fifo = self.folder() / "config"
        os.mkfifo(fifo)
        # A program inherits which signals are blocked.
        block = {"preexec_fn": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])}
        self.check([], "exec", "--kubeconfig", str(fifo), "", **block)

    # In the shells themselves.

    def shell(self, name):
        path = shutil.which(name)
        if not path:
            self.skipTest(f"there is no {name}")
        # A home whose name has to be quoted.
        home = self.folder() / "my home"
        home.mkdir()
        contexts = [{"name": "blue", "context": {"cluster": "c"}}]
        config = {"kind": "Config", "apiVersion": "v1", "contexts": contexts}
        (home / "config").write_text(json.dumps(config))
        (home / "bin").mkdir()
        (home / "bin/uvspdy").symlink_to(UVSPDY)
        script = self.folder() / f"completion.{name}"
        result = run([UVSPDY, "completion", name])
        self.assert_exit(result, 0)
        script.write_bytes(result.stdout)
        environment = {**os.environ, "PATH": f"{os.path.dirname(UVSPDY)}:{os.environ['PATH']}",
                       "HOME": str(home), "TERM": "dumb", "PS1": "> "}  # fmt: skip
        return path, script, environment

    def typed(self, command, environment, setup, line, expected):
        """Types a line with tabs into an interactive shell, until the expected text is shown."""
        terminal = LocalTerminal(self, columns=500)  # wide, so that no line is drawn anew
        shell = terminal.start(command, env=environment)
        try:
            terminal.type(setup.encode() + b"\n")
            self.wait_for(terminal, "READY-1")
            terminal.type(line.encode())
            self.wait_for(terminal, expected)
        finally:
            terminal.hang_up()
            shell.wait(DEADLINE)

    def wait_for(self, terminal, expected):
        def is_shown():
            # Shells ring the bell, and go back to write over what they have written.
            shown = terminal.shown.replace(b"\x07", b"")
            while b"\x08" in shown:
                shown = re.sub(rb"[^\x08]?\x08", b"", shown, count=1)
            return expected.encode() in shown

        try:
            wait_until(is_shown, repr(expected))
        except AssertionError as error:
            raise AssertionError(f"{error}; shown was {terminal.shown!r}") from None

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
            # Words reach the program as it would get them, and none is run.
            ("uvspdy exec --kubeconfig ~/config --context b\t--", "--context blue --"),
            (f"uvspdy exec -s '{url}' \"d\t--", '"db-0" --'),
            (f"uvspdy exec --as 'a b' -s {url} --namespace='prod-\t--", "--namespace='prod-db' --"),
            (f"uvspdy exec --as a\\ \\\"b -s {url} d\t--", f"{url} db-0 --"),
            (f"uvspdy exec --as $(touch${{IFS}}run) -s {url} d\t--", f"{url} db-0 --"),
            (f"uvspdy cp -s {url} prod\\/o\t/f", "prod/other:/f"),
            (f"~/bin/uvspdy exec -s {url} d\t--", f"{url} db-0 --"),
        ]:
            with self.subTest(line=line):
                self.typed(command, environment, setup, line, expected)
        self.assertFalse((script.parent / "run").exists())

    def test_zsh(self):
        path, script, environment = self.shell("zsh")
        setup = f"autoload -U compinit; compinit -u; cd; source {script}; echo READY-$((1))"
        url = self.cluster.url()
        for line, expected in [
            ("uvspdy ex\t!", "exec !"),
            (f"uvspdy exec -s {url} d\t!", "db-0 !"),
            (f"uvspdy exec -s {url} web -c si\t!", "side !"),
            (f"uvspdy cp -s {url} x d\t/f", "db-0:/f"),
            ("uvspdy exec --kubeconfig ~/config --context b\t!", "--context blue !"),
            (f"uvspdy exec -s '{url}' \"d\t!", '"db-0" !'),
            (f"uvspdy exec --as 'a b' -s {url} d\t!", f"{url} db-0 !"),
            (f"uvspdy exec --as $(touch run) -s {url} d\t!", f"{url} db-0 !"),
            (f"~/bin/uvspdy exec -s {url} d\t!", f"{url} db-0 !"),
        ]:
            with self.subTest(line=line):
                self.typed([path, "-f", "-i"], environment, setup, line, expected)
        self.assertFalse(os.path.exists(os.path.join(environment["HOME"], "run")))

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
            ("uvspdy exec --kubeconfig ~/config --context ", ["blue"]),
            (f"uvspdy exec -s '{url}' \"d", ["db-0"]),
            (f"uvspdy exec -s {url} --namespace='prod-", ["--namespace=prod-db"]),
            (f"~/bin/uvspdy exec -s {url} d", ["db-0"]),
        ]:
            with self.subTest(line=line):
                words = ["-c", f"source {script}; complete -C $argv[1]", line]
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
        # What is said of all commands is said once.
        for words in ("Flags may be in front of", "The command line is wrong"):
            self.assertEqual(shown.count(words), 1, words)
