"""docs/networking.md: the tests that it names are there, and each row names one."""

import importlib
import os
import pathlib
import re
import unittest

TABLES = pathlib.Path(os.environ["UVSPDY_SOURCE"], "docs/networking.md")
NAME = re.compile(r"`(test_\w+)\.(\w+)\.(test_\w+)`")


class NetworkingTable(unittest.TestCase):
    def rows(self):
        lines = [line for line in TABLES.read_text().splitlines() if line.startswith("| ")]
        return [line for line in lines if not line.endswith("| as client | as server |")]

    def test_each_row_names_a_test(self):
        rows = self.rows()
        self.assertGreater(len(rows), 20)
        for row in rows:
            with self.subTest(row=row):
                self.assertRegex(row, NAME)

    def test_what_is_named_is_there(self):
        names = {match.groups() for match in NAME.finditer(TABLES.read_text())}
        for module, case, test in sorted(names):
            with self.subTest(test=f"{module}.{case}.{test}"):
                cases = vars(importlib.import_module(module))
                self.assertTrue(callable(getattr(cases[case], test)))
