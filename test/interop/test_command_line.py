"""What stands in the place of something else on the command lines of `uvspdy`: it is used as kubectl
uses it, or refused, and never left out. What is wrong with a command line itself is exit code 2."""

from peers import PeerTestCase, program, run

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
        for words in [["ls"], ["ls", "-l"], ["ls", "--", "true"], ["ls", "-l", "--", "true"]]:
            self.refuse(
                r"\Auvspdy exec: exec \[POD\] \[COMMAND\] is not supported\. "
                r"Use exec \[POD\] -- \[COMMAND\] instead\n\Z",
                *["exec", *SERVER, "box", *words],
            )
        self.refuse("give the command behind --", "exec", *SERVER, "box")
        self.refuse("not expected: --unknown", "exec", *SERVER, "box", "--unknown", "--", "ls")
        self.refuse("POD is required", "exec", *SERVER, "--", "box")

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
            self.assertRegex(result.stdout.decode(), f"(?m)^Usage: .*{usage}$")
