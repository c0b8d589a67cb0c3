import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "support/count_results.py"


class Counting(unittest.TestCase):
    def count(self, *tests, strict=False):
        """(exit code, last line) for tests of (result, stdout)."""
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "testlog.json")
            lines = [json.dumps({"name": "t", "result": r, "stdout": s}) for r, s in tests]
            log.write_text("\n".join(lines))
            command = [sys.executable, PROGRAM, log, *(["--strict"] if strict else [])]
            done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()[-1]

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
