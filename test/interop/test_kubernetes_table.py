"""docs/kubernetes.md: its table has a row for each test case, and no others.

That a cell is right is seen by its test (matrix.py).
"""

import importlib
import unittest

import matrix
from kube_cases import KubeCases

MODULES = ["test_kubectl_streams", "test_client_go", "test_cri_streaming", "test_upgrade_aware"]


def cases():
    for module in map(importlib.import_module, MODULES):
        for case in vars(module).values():
            here = isinstance(case, type) and case.__module__ == module.__name__
            # Those of kubectl where it is missing have no row.
            if here and issubclass(case, KubeCases) and getattr(case, "kubectl", True):
                yield case


class KubernetesTable(unittest.TestCase):
    def setUp(self):
        self.table = matrix.committed()
        self.cases = list(cases())

    def test_each_case_tries_each_operation(self):
        self.assertGreaterEqual(len(self.cases), 10)
        for case in self.cases:
            with self.subTest(case=case.__name__):
                tried = [*matrix.operations(case), *case.not_possible]
                self.assertEqual(sorted(tried), sorted(matrix.OPERATIONS))

    def test_each_case_has_its_row(self):
        names = [case.row().names for case in self.cases]
        self.assertEqual(len(set(names)), len(names))
        kubectls = {row[0] for row in self.table.rows if row[0].startswith("kubectl ")}
        for row in names:
            # A version of kubectl that was not there when the table was written has none.
            if not row[0].startswith("kubectl ") or row[0] in kubectls:
                self.assertIn(row, self.table.rows)

    def test_each_row_has_its_case(self):
        here = {case.row().names for case in self.cases}
        kubectls = {row[0] for row in here if row[0].startswith("kubectl ")}
        for row in self.table.rows:
            # Other machines have other versions of kubectl.
            if not row[0].startswith("kubectl ") or row[0] in kubectls:
                self.assertIn(row, here)

    def test_each_cell_is_filled(self):
        for row, cells in self.table.rows.items():
            with self.subTest(row=row):
                self.assertEqual(sorted(cells), sorted(matrix.OPERATIONS))
                for operation in cells:
                    outcome, why = self.table.cell(row, operation)
                    self.assertIn(outcome, [matrix.PASSED, matrix.FAILED, matrix.NOT_POSSIBLE])
                    if outcome != matrix.PASSED:
                        self.assertTrue(why)
