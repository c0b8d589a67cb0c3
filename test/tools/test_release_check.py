import contextlib
import io
import re
import unittest

import release_check
from release_check import Check, Failure, Need


class Table(unittest.TestCase):
    def test_names_are_unique(self):
        names = [check.name for check in release_check.CHECKS]
        self.assertEqual(len(names), len(set(names)))

    def test_each_option_of_ours_is_built_both_ways(self):
        text = (release_check.ROOT / "meson_options.txt").read_text(encoding="utf-8")
        options = set(re.findall(r"^option\(\s*'(\w+)'", text, re.M))
        self.assertEqual(options, set(release_check.VARIANTS) - {"default_library"})

    def test_oldest_libuv_is_the_one_that_meson_takes(self):
        text = (release_check.ROOT / "meson.build").read_text(encoding="utf-8")
        least = re.search(r"dependency\('libuv', version: '>=([\d.]+)'\)", text)[1]
        self.assertTrue(release_check.OLDEST_LIBUV.startswith(least + "."))
        readme = (release_check.ROOT / "README.md").read_text(encoding="utf-8")
        self.assertTrue(f"libuv {least}," in readme, f"README.md does not name libuv {least}")

    def test_ci_runs_checks_that_are_there(self):
        text = (release_check.ROOT / ".ci/run").read_text(encoding="utf-8")
        names = re.search(r"tools/dev release-check (.+)$", text, re.M)[1].split()
        self.assertEqual([check.name for check in release_check.find(names)], names)

    def test_only_the_fuzzers_are_built_with_their_option(self):
        self.assertEqual(release_check.targets_of("fuzzers-on", None), ["fuzzers"])
        self.assertEqual(release_check.targets_of("kube-off", None), [])

    def test_names_of_checks(self):
        self.assertEqual(release_check.find([]), release_check.CHECKS)
        self.assertEqual([c.name for c in release_check.find(["32-bit"])], ["32-bit"])
        with self.assertRaises(Failure):
            release_check.find(["64-bit"])


class Clang(unittest.TestCase):
    def test_newest_is_the_highest_number(self):
        self.assertEqual(release_check.newest(["clang-9", "clang-22", "clang-14", "clang-x"]), 22)
        self.assertIsNone(release_check.newest([]))


class Running(unittest.TestCase):
    def run_check(self, check):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            holds = release_check.run_check(check)
        return holds, output.getvalue()

    def test_prints_name_and_seconds(self):
        holds, output = self.run_check(Check("good", "a promise", lambda: None))
        self.assertTrue(holds)
        self.assertRegex(output, r"(?m)^== good: a promise$")
        self.assertRegex(output, r"(?m)^== good: \d+ s, ok$")

    def test_a_promise_that_is_not_kept(self):
        def check():
            release_check.run("false")

        holds, output = self.run_check(Check("bad", "a promise", check))
        self.assertFalse(holds)
        self.assertIn("FAILED: false exited with 1", output)

    def test_what_is_missing_is_a_failure(self):
        needs = [Need("no-such-package", file="/no/such/file"), Need("sh", command="sh")]
        check = Check("lacking", "a promise", lambda: None, lambda: needs)
        self.assertEqual(release_check.missing_packages([check]), ["no-such-package"])
        holds, output = self.run_check(check)
        self.assertFalse(holds)
        self.assertIn("FAILED: missing: no-such-package", output)
