import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "support/count_results.py"


class Counting(unittest.TestCase):
    def run_program(self, *tests, strict=False):
        """(exit code, lines) for tests of (result, stdout)."""
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "testlog.json")
            lines = [json.dumps({"name": "t", "result": r, "stdout": s}) for r, s in tests]
            log.write_text("\n".join(lines))
            command = [sys.executable, PROGRAM, log, *(["--strict"] if strict else [])]
            done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    def count(self, *tests, strict=False):
        """(exit code, last line) for tests of (result, stdout)."""
        code, lines = self.run_program(*tests, strict=strict)
        return code, lines[-1]

    def test_adds_up(self):
        good = ("OK", "x\n2 passed, 0 failed, 1 skipped\n")
        self.assertEqual(self.count(good, good), (0, "4 passed, 0 failed, 2 skipped"))
        self.assertEqual(self.count(good, strict=True), (1, "2 passed, 0 failed, 1 skipped"))

    def test_a_program_that_fails_at_its_end(self):
        leak = ("FAIL", "2 passed, 0 failed, 0 skipped\n")
        self.assertEqual(self.count(leak), (1, "2 passed, 1 failed, 0 skipped"))

    def test_a_program_that_has_counted_nothing(self):
        self.assertEqual(self.count(("OK", "")), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertEqual(self.count(("TIMEOUT", "")), (1, "0 passed, 1 failed, 0 skipped"))

    def test_no_test_at_all(self):
        self.assertEqual(self.count(), (1, "0 passed, 0 failed, 0 skipped"))

    def test_what_failed_stands_before_the_sum(self):
        output = "".join(f"line {n}\n" for n in range(100)) + "1 passed, 1 failed, 0 skipped\n"
        good = ("OK", "2 passed, 0 failed, 0 skipped\n")
        _, lines = self.run_program(good, ("FAIL", output), good)
        self.assertEqual(lines[0], "FAILED: t: FAIL")
        self.assertEqual(lines[1], "  [61 lines of stdout before]")
        self.assertEqual(lines[2], "  line 61")
        self.assertEqual(lines[-3], "  line 99")
        self.assertEqual(lines[-1], "5 passed, 1 failed, 0 skipped")
