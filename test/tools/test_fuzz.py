import pathlib
import tempfile
import unittest
from unittest import mock

import fuzz

CLEAN = b"""INFO: Seed: 1
#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
#99\tNEW    cov: 1150 ft: 5336 corp: 7/90b lim: 4 exec/s: 0 rss: 40Mb L: \xff\xfe
Done 9726158 runs in 61 second(s)
stat::number_of_executed_units: 9726158
stat::peak_rss_mb:              41
"""
BROKEN = b"""#5\tNEW    cov: 20 ft: 30 corp: 1/1b
\x80VIOLATION: a stream's end was reported twice
==1== ERROR: libFuzzer: deadly signal
artifact_prefix='build-fuzz/found/x-'; Test unit written to build-fuzz/found/x-crash-0a1b
"""


class Log(unittest.TestCase):
    def test_of_a_run_that_found_nothing(self):
        log = fuzz.read_log(CLEAN)
        self.assertEqual((log.executions, log.coverage, log.memory), (9726158, (1150, 5336), 41))
        self.assertIsNone(log.unit)
        self.assertEqual(
            fuzz.summary("frame_decoder", 60, log, 3),
            "frame_decoder      60 s,   9726158 executions, coverage 1150, features 5336, "
            "3 new units, 41 MiB",
        )

    def test_of_a_run_that_found_something(self):
        log = fuzz.read_log(BROKEN)
        self.assertEqual(log.unit, "build-fuzz/found/x-crash-0a1b")
        self.assertIn("VIOLATION: a stream's end was reported twice", log.breach)
        text = fuzz.finding("x", log, "build-fuzz/x.log")
        self.assertIn("replay: build-fuzz/test/fuzz/x build-fuzz/found/x-crash-0a1b", text)
        self.assertIn("? executions", fuzz.summary("x", 1, log, 0))

    def test_without_a_word_of_why(self):
        log = fuzz.read_log(b"".join(b"line %d\n" % n for n in range(50)))
        self.assertEqual(log.breach.splitlines(), [f"line {n}" for n in range(30, 50)])
        self.assertIn("none was written", fuzz.finding("x", log, "x.log"))
        self.assertNotIn("replay", fuzz.finding("x", log, "x.log"))

    def test_of_nothing(self):
        self.assertIn("no coverage", fuzz.summary("x", 1, fuzz.read_log(b""), 0))


class Table(unittest.TestCase):
    def run_of(self, **other):
        figures = {"cpu": 10.4, "executions": 1000, "coverage": 5, "features": 70, "corpus": 3}
        rest = {"name": "a", "date": "2026-01-02", "commit": "abc", "found": ""}
        return {**figures, **rest, **other}

    def test_sums_of_each_fuzzer(self):
        runs = [
            self.run_of(corpus=7),
            self.run_of(name="b", cpu=3579.2, date="2026-01-01"),
            self.run_of(coverage=6, features=60, found="found/a-crash-1", commit="def"),
        ]
        lines = fuzz.table(runs)
        self.assertEqual(
            lines[2:],
            [
                "| `a` | 21 | 2,000 | 6, 70 | 3 | 1 |",
                "| `b` | 3,579 | 1,000 | 5, 70 | 3 | none |",
                "",
                "1.00 CPU hours, 2026-01-01 to 2026-01-02, at abc, def",
            ],
        )

    def test_a_run_is_written_down(self):
        with tempfile.TemporaryDirectory() as folder:
            runs = pathlib.Path(folder) / "runs.jsonl"
            with mock.patch.object(fuzz, "RUNS", runs):
                fuzz.write_down("a", fuzz.read_log(CLEAN), 1.25, 9, 0)
                fuzz.write_down("a", fuzz.read_log(BROKEN), 1.25, 9, 77)
                fuzz.write_down("a", fuzz.read_log(b""), 1.25, 9, -9)
            clean, broken, killed = fuzz.read_runs([runs])
        self.assertEqual((clean["executions"], clean["coverage"]), (9726158, 1150))
        self.assertEqual((clean["found"], clean["corpus"]), ("", 9))
        self.assertEqual(broken["found"], "build-fuzz/found/x-crash-0a1b")
        self.assertEqual(killed["found"], "status -9")


class CommandLine(unittest.TestCase):
    def test_names_and_seconds(self):
        known = ["a", "b"]
        self.assertEqual(fuzz.parse([], known), (known, 60))
        self.assertEqual(fuzz.parse(["600"], known), (known, 600))
        self.assertEqual(fuzz.parse(["b", "5"], known), (["b"], 5))

    def test_what_is_wrong(self):
        for wrong in ["c", "--fast", "-5", "5s", ""]:
            with self.subTest(wrong), self.assertRaises(fuzz.UsageError):
                fuzz.parse([wrong], ["a"])

    def test_the_fuzzers_are_those_of_the_sources(self):
        self.assertIn("server_session", fuzz.all_names())
        for name in fuzz.all_names():
            self.assertTrue((fuzz.ROOT / fuzz.SOURCES / "corpus" / name).is_dir(), name)
        for name in [fuzz.DEFAULT_DICTIONARY, *fuzz.DICTIONARIES.values()]:
            self.assertTrue((fuzz.ROOT / fuzz.SOURCES / name).is_file(), name)
