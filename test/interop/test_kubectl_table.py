"""The tables of docs/kubectl.md have each flag of the newest kubectl that is here, and each of
`uvspdy`, and what they say of a flag is so."""

import os
import pathlib
import re

from kubectls import newest_kubectl
from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")
PAGE = pathlib.Path(os.environ["UVSPDY_SOURCE"], "docs", "kubectl.md")
COMMANDS = ("exec", "attach", "port-forward", "cp")
# A command line that is well-formed up to its flags.
NAMES = {"exec": ["web", "--", "true"], "attach": ["web"], "port-forward": ["web", "80"],
         "cp": ["web:x", "y"]}  # fmt: skip


def flags_of_kubectl(text):
    """Those of a help text, as "-c, --container"."""
    return set(re.findall(r"^    ((?:-\w, )?--[\w-]+)=.*:$", text, re.M))


def flags_of_uvspdy(text):
    options = text.split("\nOptions:")[1]
    return set(re.findall(r"^  ((?:-\w, )?--[\w-]+)(?: .*)?$", options, re.M))


def table(title):
    """The rows of the table below a title."""
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [re.split(r" *(?<!\\)\| *", line.strip("| ")) for line in section.split("\n|")[1:]]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def names(cell):
    return cell.split(", ")


class Table(PeerTestCase):
    def setUp(self):
        # What the table says: {(command, flag): "same" and so on}.
        self.said = {}
        for flag, commands, verdict, *_ in table("Flags of one command"):
            for command in names(commands):
                self.said[command, flag.strip("`")] = verdict
        for flag, verdict, *_ in table("Flags of all commands"):
            for command in COMMANDS:
                self.said[command, flag.strip("`")] = verdict
        self.ours_alone = {
            (command, flag.strip("`"))
            for flag, commands, *_ in table("Flags that kubectl does not have")
            for command in names(commands)
        }
        self.ours = {
            (command, flag)
            for command in COMMANDS
            for flag in flags_of_uvspdy(run([UVSPDY, command, "--help"]).stdout.decode())
        }

    def test_each_flag_of_kubectl_is_in_the_table_and_no_other(self):
        kubectl = newest_kubectl()
        if not kubectl:
            self.skipTest("there is no kubectl")
        theirs = set()
        every = flags_of_kubectl(run([str(kubectl), "options"]).stdout.decode())
        for command in COMMANDS:
            own = flags_of_kubectl(run([str(kubectl), command, "--help"]).stdout.decode())
            self.assertTrue(own, f"kubectl {command} --help cannot be read")
            theirs |= {(command, flag) for flag in own | every}
        self.assertGreater(len(theirs), 100)
        self.assertEqual(sorted(theirs), sorted(self.said), f"of {kubectl} and of {PAGE.name}")

    def test_each_flag_of_uvspdy_is_in_a_table_and_no_other(self):
        there = {flag for flag, verdict in self.said.items() if verdict in ("same", "differs")}
        self.assertGreater(len(self.ours), 80)
        self.assertEqual(sorted(self.ours), sorted(there | self.ours_alone))

    def test_what_is_said_of_the_others_is_so(self):
        for (command, flag), verdict in self.said.items():
            name = flag.rpartition("--")[2]
            if verdict in ("same", "differs"):
                continue
            if verdict == "no effect":
                words = [UVSPDY, command, f"--{name}=true", *NAMES[command][:1], "--help"]
                self.assert_exit(run(words), 0)
                continue
            result = run([UVSPDY, command, f"--{name}=true", *NAMES[command]])
            self.assert_exit(result, 2)
            self.assert_one_line(result.stderr, f"--{name}")
            self.assertEqual(b"unknown flag" in result.stderr, verdict == "missing", flag)
            self.assertIn(verdict, ("missing", "refused"))

    def test_what_kubectl_s_scripts_say_for_nothing_is_taken(self):
        words = ["--cache-dir=/tmp", "--disable-compression", "--log-flush-frequency=5s",
                 "--match-server-version=false", "--profile=none", "--profile-output", "x",
                 "--vmodule=a=1", "--warnings-as-errors=false"]  # fmt: skip
        for command in COMMANDS:
            result = run([UVSPDY, *words, command, *NAMES[command][:1], "--help"])
            self.assert_exit(result, 0)
