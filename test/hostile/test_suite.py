"""The suite itself: what it takes for a breach, how it computes its figures, and how long its list
is."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import unittest.mock
import zlib

import attack
import attacks  # noqa: F401
import bounds
import experiment
import frames
import known_failures
import measure
import page
import spdy
import suite
import table
import targets
import victim
from suite import MEBIBYTE


def good(**changes):
    """A result in which every bound holds."""
    figures = {
        "serves": True,
        "echo": (0.1, 1.0, 10.0),
        "control": (0.1, 1.0, 10.0),
        "newcomers": (4, 4),
        **changes,
    }
    return experiment.Measured(**figures)


class Bounds(unittest.TestCase):
    attack = suite.ATTACKS["headers-flood"]

    def found(self, result):
        return {**bounds.breaches(self.attack, result), **bounds.late(self.attack, result)}

    def test_nothing_is_found_where_all_is_well(self):
        self.assertEqual(self.found(good()), {})

    def test_each_breach_is_found(self):
        for bound, changes in {
            "alive": {"failure": "died with -11"},
            "serves": {"serves": False},
            "lost": {"lost": 1},
            "memory": {"growth": 9 * MEBIBYTE},
            "log": {"log": 1_000_001},
            "descriptors": {"descriptors": 1},
            "processes": {"processes": 1},
            "newcomers": {"newcomers": (3, 4)},
            "p50": {"echo": (0.16, 1.0, 10.0)},
            "p99": {"echo": (0.1, 3.1, 10.0)},
            "worst": {"echo": (0.1, 1.0, 20.1)},
        }.items():
            with self.subTest(bound):
                self.assertEqual(list(self.found(good(**changes))), [bound])

    def test_each_breach_of_a_program_is_found(self):
        program = suite.ATTACKS["answer-continue"]
        well = {"code": 1, "ended": True}
        self.assertEqual(bounds.breaches_of_program(program, victim.Outcome(**well)), {})
        for bound, changes in {
            "alive": {"code": -11},
            "ends": {"code": 0, "ended": False},
            "stops": {"stopped": False},
            "code": {"code": 0},
            "memory": {"growth": 9 * MEBIBYTE},
            "errors": {"errors": 65 * 1024},
            "unclean": {"unclean": "x"},
            "touched": {"touched": ["x"]},
            "left": {"left": ["x"]},
            "processes": {"processes": 1},
        }.items():
            with self.subTest(bound):
                outcome = victim.Outcome(**{**well, **changes})
                self.assertEqual(list(bounds.breaches_of_program(program, outcome)), [bound])

    def test_a_program_that_does_not_start_has_borne_nothing(self):
        for code in (126, 127):
            outcome = victim.Outcome(code=code, ended=True)
            program = suite.ATTACKS["answer-continue"]
            self.assertEqual(list(bounds.breaches_of_program(program, outcome)), ["alive"])

    def test_known_failures_name_attacks_and_bounds_that_there_are(self):
        for (name, kind), reasons in known_failures.KNOWN_FAILURES.items():
            self.assertIn(kind, suite.ATTACKS[name].targets)
            self.assertTrue(all(reasons.values()))


class Figures(unittest.TestCase):
    def test_a_message_that_never_came_back_is_the_worst(self):
        lines = [f"{tick * 1000} 100" for tick in range(100)] + ["100000 -1"]
        latencies = measure.Latencies(lines)
        self.assertEqual(latencies.between(0, 1), (0.1, 0.1, float("inf")))
        self.assertEqual(latencies.between(0, 0.1), (0.1, 0.1, 0.1))
        self.assertEqual(latencies.lost(), 1)

    def test_too_few_messages_tell_nothing(self):
        self.assertIsNone(measure.Latencies(["0 1"]).between(0, 1))

    def test_medians(self):
        runs = [good(growth=growth, echo=(growth, 1, 1)) for growth in (3, 1, 2)]
        result = attack.median(runs)
        self.assertEqual((result.growth, result.echo[0], result.serves), (2, 2, True))

    def test_a_row_has_as_many_cells_as_the_head(self):
        row = table.row("name", "echo", good(ended={"closed": 2}, first_end=(5, 0.1)), {})
        self.assertEqual(row.count("|"), table.HEAD.splitlines()[0].count("|"))


class Frames(unittest.TestCase):
    def test_a_block_may_be_sent_again_and_again(self):
        block = frames.block((b"a", b"b"))
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self.assertEqual(inflate.decompress(block * 2), 2 * frames.fields((b"a", b"b")))

    def test_the_bomb_is_small_and_as_large_as_may_be(self):
        bomb = frames.bomb()
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(bomb)
        self.assertLess(len(bomb), 200)
        self.assertLess(len(inflated), frames.MOST)
        self.assertGreater(len(inflated), 125 * 1024)

    def test_lengths_may_lie(self):
        frame = frames.control(spdy.HEADERS, 1, length=0xFFFFFF)
        self.assertEqual(frame, b"\x80\x03\x00\x08\x00\xff\xff\xff\x00\x00\x00\x01")


class Page(unittest.TestCase):
    heads = (table.HEAD, table.PROGRAM_HEAD)
    document = f"# A\n\n{page.BEGIN}\nNot measured yet.\n{page.END}\n\n# B\n"

    def written(self, *lines):
        return page.with_tables(self.document, ["--runs", "5"], lines, "2026-11-29")

    def test_that_of_this_project_has_what_the_command_writes(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        text = (root / "docs/security.md").read_text(encoding="utf-8")
        self.assertIsNone(page.problem(text, self.heads))

    def test_only_what_is_between_the_marks_is_written(self):
        row = table.row("syn-flood", "echo", good(), {})
        program = table.program_row("cp-deep", "cp", victim.Outcome(last_line="a|b"), {})
        lines = [*table.HEAD.split("\n"), row, "", *table.PROGRAM_HEAD.split("\n"), program]
        text = self.written(*lines)
        self.assertIsNone(page.problem(text, self.heads))
        self.assertIn("`tools/dev attack --runs 5` on 2026-11-29", text)
        self.assertTrue(text.startswith(f"# A\n\n{page.BEGIN}\n"))
        self.assertTrue(text.endswith(f"| yes |\n{page.END}\n\n# B\n"), text)
        self.assertEqual(page.with_tables(text, ["--runs", "5"], lines, "2026-11-29"), text)

    def test_another_form_is_found(self):
        row = table.row("syn-flood", "echo", good(), {})
        for text in (
            self.document.replace(page.END, ""),
            self.document.replace("Not measured yet.", "To be measured."),
            self.written(),
            self.written("| attack | worst |", "|---|---|", row),
            self.written(*table.HEAD.split("\n"), row + " more |"),
        ):
            self.assertIsNotNone(page.problem(text, self.heads), text)

    def test_the_arguments_that_choose_are_kept(self):
        words = ["attack.py", "--build", "build", "--runs", "5", "--write", "a.md", "frames"]
        with unittest.mock.patch.object(sys, "argv", words):
            self.assertEqual(attack.asked(), ["--runs", "5", "frames"])


class Resume(unittest.TestCase):
    def test_what_was_measured_is_not_measured_again(self):
        names = ["syn-flood", "headers-flood"]
        count = 0

        def measured(chosen, kind, whose, options, controls):
            nonlocal count
            count += 1
            if count == 2:
                raise KeyboardInterrupt
            return good(), {}, f"| `{chosen.name}` | {count} |"

        with tempfile.TemporaryDirectory() as folder:
            json = ["--json", f"{folder}/f.json", "--resume"]
            words = ["attack.py", "--no-go", *(f"{name}@echo" for name in names), *json]
            modules = {"suite": suite, "table": table, "targets": targets, "victim": victim}
            patch, lines = unittest.mock.patch, io.StringIO()
            with patch.object(sys, "argv", words), patch.multiple(attack, create=True, **modules):
                with patch.object(attack, "measured", measured), contextlib.redirect_stdout(lines):
                    with self.assertRaises(KeyboardInterrupt):
                        attack.print_table(attack.arguments())
                    self.assertEqual(attack.print_table(attack.arguments()), 0)
                    words += ["--runs", "2"]
                    with self.assertRaises(SystemExit):
                        attack.print_table(attack.arguments())
        rows = [line for line in lines.getvalue().splitlines() if line.startswith("| `")]
        self.assertEqual([row[-3] for row in rows], ["1", "1", "3"])


class List(unittest.TestCase):
    def test_there_are_at_least_eighty_attacks(self):
        self.assertGreaterEqual(len(suite.ATTACKS), 80)
