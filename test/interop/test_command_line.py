"""What stands in the place of something else on the command lines of `uvspdy`: it is used as
kubectl uses it, or refused, and never left out. What is wrong with a command line itself is exit
code 2."""

import fcntl
import os
import pty
import re
import struct
import termios
import urllib.parse

from peers import DEADLINE, PeerTestCase, program, run
from scripted_pod import ScriptedPod

UVSPDY = program("UVSPDY_COMMAND")
SERVER = ["-s", "http://127.0.0.1:9"]


class CommandLine(PeerTestCase):
    def refuse(self, pattern, *words):
        result = run([UVSPDY, *words])
        self.assert_exit(result, 2)
        self.assertEqual(result.stdout, b"")
        self.assertRegex(result.stderr.decode(), pattern)
        return result

    def test_the_command_of_exec_belongs_behind_two_dashes(self):
        for words in [["ls"], ["ls", "-l"], ["ls", "--", "true"], ["ls", "-l", "--", "a b"]]:
            typed = " ".join(words).replace("a b", "'a b'")
            self.refuse(
                r"\Auvspdy exec: the command goes behind --; type: "
                rf"uvspdy exec \.\.\. box -- {re.escape(typed)} \(see uvspdy exec --help\)\n\Z",
                *["exec", *SERVER, "box", *words],
            )
        self.refuse("type: uvspdy exec box -- ls", "exec", "box", "ls")
        self.refuse("give the command behind --", "exec", *SERVER, "box")
        self.refuse("unknown flag: --unknown", "exec", *SERVER, "box", "--unknown", "--", "ls")
        pattern = "the pod goes in front of --; type: uvspdy exec ... box -- "
        self.refuse(pattern + "ls -l", "exec", *SERVER, "--", "box", "ls", "-l")
        self.refuse(pattern + "COMMAND", "exec", *SERVER, "--", "box")
        self.refuse("POD is required", "exec", *SERVER)
        self.refuse("a command goes behind --", "serve", "sh", "-c", "true")

    def test_what_was_meant(self):
        for words, pattern in [
            (["exce", "web"], "unknown command 'exce'; did you mean 'exec'"),
            (["port-foward", "web"], "did you mean 'port-forward'"),
            (["port", "web"], "did you mean 'port-forward'"),
            (["get", "pods"], "unknown command 'get'; there are: exec, attach, "),
            (["-n", "exec", "web"], "unknown command 'web'"),
            (["exec", "--contianer=x", "web"], "--contianer; did you mean --container"),
            (["exec", "--request_timout=1", "x"], "_timout; did you mean --request-timeout"),
            # In front of the command's name, whose flags are those of all commands.
            (["--contxt", "prod", "exec", "web"], "unknown flag: --contxt; did you mean --context"),
            (["--contxt=prod", "exec", "web"], "unknown flag: --contxt; did you mean --context"),
            (["-n", "prod", "--nonsense", "exec", "web"], "unknown flag: --nonsense "),
            (["-iz", "exec", "web"], "unknown flag: -z in -iz"),
            (["-iz=x", "exec", "web"], "unknown flag: -z in -iz=x"),
            (["--container"], "no command is named"),
            (["exec", "-f", "pod.yaml", "--", "ls"], "-f; a file cannot name the pod: give POD"),
            (["exec", "--filename=x", "web", "--", "ls"], "--filename; a file cannot name the"),
            (["cp", "--retries=", "a", "b"], "--retries: '' is no number: give a whole number "),
            (["cp", "--retries=1.5", "a", "b"], "--retries: '1.5' is no number: give a whole"),
            (["cp", "--retries=9999999999", "a", "b"], "'9999999999' is too large: give a whole"),
            (["serve", "--max-commands="], "--max-commands: '' is no number: .*, of at least 0 "),
            (["serve", "--max-commands=-1"], "--max-commands: '-1' is no number: give a whole"),
            (["serve", f"--max-connections={10**20}"], f"'{10**20}' is too large: give a whole"),
            (["exec", "--name", "x", "web"], "--name; did you mean --namespace"),
            (["exec", "-x", "web"], "unknown flag: -x"),
            (["exec", "-ix", "web"], "unknown flag: -x in -ix"),
            (["exec", "web", "-c"], "flag needs an argument: -c"),
            (["exec", "web", "--namespace"], "flag needs an argument: --namespace"),
            (["exec", "-i=maybe", "web"], "invalid argument 'maybe' for -i"),
            (["exec", "--v=", "web", "--", "x"], "'' is no level"),
            (["--", "exec", "web"], "name of a command goes in front of --"),
            ([], "no command is named"),
            (["-n", "prod"], "no command is named"),
        ]:
            with self.subTest(words=words):
                result = self.refuse(pattern, *words)
                self.assert_one_line(result.stderr, r"\(see uvspdy( \w+)? --help\)$")

    def test_words_behind_two_dashes_are_arguments(self):
        for words, pattern in [
            (["attach", *SERVER, "box", "--", "ls"], "not expected: ls"),
            (["attach", *SERVER, "--", "box/ls"], "'box/ls': only pods"),
            (["port-forward", *SERVER, "box", "--", "1:2:3"], "port format '1:2:3'"),
            (["cp", *SERVER, "--", "a", "b"], "one of src or dest must be a remote"),
            (["demo", "--", "x"], "not expected: x"),
            (["dump", "x", "--", "y"], "not expected: y"),
        ]:
            with self.subTest(words=words):
                self.refuse(pattern, *words)
        self.refuse("not expected: --x y", "attach", *SERVER, "box", "--", "--x", "y")
        result = run([UVSPDY, "dump", "--", "/nowhere"])
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "cannot open /nowhere")

    def test_help_shows_where_the_command_goes(self):
        for name, usage in [
            ("exec", r"exec \[OPTIONS\] POD -- COMMAND\.\.\."),
            ("serve", r"serve \[OPTIONS\] \[-- COMMAND\.\.\.\]"),
            ("attach", r"attach \[OPTIONS\] POD"),
        ]:
            result = run([UVSPDY, name, "--help"])
            self.assert_exit(result, 0)
            self.assertRegex(result.stdout.decode(), f"(?m)^Usage: uvspdy {usage}$")

    def test_help_has_examples_and_no_line_is_wider_than_the_terminal(self):
        for command in ("exec", "attach", "port-forward", "cp", "serve", "dump"):
            for columns in (60, 80):
                with self.subTest(command=command, columns=columns):
                    text = self.on_terminal(columns, UVSPDY, command, "--help")
                    self.assertIn(f"\n  uvspdy {command} ", text)
                    # Command lines are not cut.
                    lines = re.sub(r"(?m)^(Usage:|  (uvspdy|kubectl|tcpdump)) .*", "", text)
                    prose = lines.split("\n")
                    self.assertLessEqual(max(map(len, prose)), columns)
                    # Of the lines of a paragraph some are nearly full: it is not wrapped for less.
                    self.assertGreater(max(map(len, prose)), columns - 15)

    def on_terminal(self, columns, *command):
        """What a command prints on a terminal of that width."""
        ours, theirs = pty.openpty()
        with open(ours, "rb", buffering=0) as terminal:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
            process = self.start(command, stdin=theirs, stdout=theirs, env=environment)
            os.close(theirs)
            text = b""
            try:
                while data := terminal.read(65536):
                    text += data
            except OSError:
                pass  # EIO is the end of what was printed
        self.assertEqual(process.wait(DEADLINE), 0)
        return text.decode().replace("\r\n", "\n")


class Spelling(PeerTestCase):
    """Flags as kubectl's users write them: what a server sees shows how they were read."""

    def setUp(self):
        self.server = ScriptedPod(self)
        self.server.outcome = {}

    def query(self, *words):
        """The namespace and the query of an exec's upgrade, for a command line without server."""
        result = run([UVSPDY, "--server", self.server.url(), *words])
        self.assert_exit(result, 0)
        upgrade = self.server.requests[-1]
        return re.match(r"POST /api/v1/namespaces/([^/]*)/pods/web/exec\?(.*)", upgrade).groups()

    def check(self, namespace, parameters, *words):
        found, query = self.query(*words)
        self.assertEqual(found, namespace, words)
        for parameter in parameters:
            self.assertIn(parameter, query.split("&"), words)
        return query

    def test_flags_and_values(self):
        for words in [
            ["exec", "-n=prod", "-c=main", "web", "--", "true"],
            ["exec", "-nprod", "-cmain", "web", "--", "true"],
            ["exec", "-n", "prod", "-c", "main", "web", "--", "true"],
            ["exec", "--namespace=prod", "--container=main", "web", "--", "true"],
            ["exec", "web", "--namespace", "prod", "-qc", "main", "--", "true"],
            ["-n", "prod", "exec", "-c=main", "web", "--", "true"],
            ["-n=prod", "--v=0", "-q", "exec", "web", "-qc=main", "--", "true"],
            ["-c", "main", "--namespace=prod", "exec", "web", "--", "true"],
            ["exec", "-n", "x", "-n=prod", "-c", "x", "--container", "main", "web", "--", "true"],
            ["exec", "-n=prod", "--context=", "-c=main", "--token=", "web", "--", "true"],
            ["exec", "-n=prod", "-c", "main", "--request-timeout=", "pod/web", "--", "true"],
            ["--request_timeout", "9", "exec", "-n=prod", "-c=main", "web", "--", "true"],
            ["exec", "-n=prod", "-c=main", "--pod_running-timeout=9s", "web", "--", "true"],
        ]:
            with self.subTest(words=words):
                self.check("prod", ["container=main", "command=true"], *words)
        words = ["exec", "--namespace=", "-c=", "web", "--", "true"]
        self.check("default", ["container=main"], *words)

    def test_booleans(self):
        for word, is_set in [
            ("-i", True), ("-i=true", True), ("-i=1", True), ("--stdin=T", True), ("-qi", True),
            ("-i=false", False), ("--stdin=0", False), ("--stdin=False", False), ("-q", False),
        ]:  # fmt: skip
            with self.subTest(word=word):
                query = self.check("default", [], "exec", word, "web", "--", "true")
                self.assertEqual("stdin=true" in query, is_set)
        query = self.check("default", [], "exec", "-i", "-i=false", "web", "--", "true")
        self.assertNotIn("stdin=true", query)

    def test_words_of_the_command_are_left_as_they_are(self):
        words = ["sh", "-n=prod", "--", "--container", "[a,b]", "", "-i=true", "--help"]
        _, query = self.query("exec", "web", "--", *words)
        self.assertEqual(urllib.parse.parse_qs(query, keep_blank_values=True)["command"], words)

    def test_values_that_look_like_flags(self):
        words = ["exec", "--token", "--x", "-c", "main", "web", "--", "a"]
        self.check("default", ["container=main"], *words)

    def test_a_pod_with_the_name_of_a_command(self):
        result = run([UVSPDY, "exec", "-s", self.server.url(), "cp", "--", "true"])
        self.assert_exit(result, 0)
        self.assertIn("/pods/cp/exec?", self.server.requests[-1])

    def test_names_behind_two_dashes(self):
        result = run([UVSPDY, "attach", "-s", self.server.url(), "--", "web"])
        self.assert_exit(result, 0)
        self.assertIn("/pods/web/attach?", self.server.requests[-1])

    def test_a_server_without_a_scheme(self):
        address = self.server.url().removeprefix("http://")
        result = run([UVSPDY, "exec", "--server", address, "web", "--", "true"])
        self.assert_exit(result, 0)
        result = run(
            [UVSPDY, "exec", "--insecure-skip-tls-verify", "-s", address, "web", "--", "true"]
        )
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "TLS")
