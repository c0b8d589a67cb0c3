"""docs/networking.md: the tests that it names are there, and each row names one."""

import importlib
import os
import pathlib
import re
import unittest

TABLES = pathlib.Path(os.environ["UVSPDY_SOURCE"], "docs/networking.md")
NAME = re.compile(r"`(test_\w+)\.(\w+)\.(test_\w+)`")


# Rows for one side alone: servers know no passwords, and some errors are reported by one side.
CLIENT_ALONE = {
    "TLS | none | user name and password",
    "TLS | none | a pod's service account",
    "a CONNECT proxy that refuses, does not exist, or is no proxy",
    "a SOCKS5 proxy that refuses, does not exist, or is no proxy",
    "a malformed kubeconfig",
}
SERVER_ALONE = {
    "listening beyond loopback without TLS or authentication",
    "renegotiation, old versions of TLS",
}


class NetworkingTable(unittest.TestCase):
    def rows(self):
        """Those of the tables of both roles."""
        rows, is_of_roles = [], False
        for line in TABLES.read_text().splitlines():
            if line.endswith("| as client | as server |"):
                is_of_roles = True
            elif not line.startswith("|"):
                is_of_roles = False
            elif is_of_roles and line.startswith("| "):
                rows.append(line)
        return rows

    def test_each_cell_names_a_test(self):
        rows = self.rows()
        self.assertGreater(len(rows), 20)
        one_sided = set()
        for row in rows:
            what, client, server = row.removesuffix("|").rsplit("|", 2)
            what = what.strip("| ")
            if what in CLIENT_ALONE | SERVER_ALONE:
                one_sided.add(what)
            with self.subTest(row=what):
                self.assertEqual(bool(NAME.search(client)), what not in SERVER_ALONE)
                self.assertEqual(bool(NAME.search(server)), what not in CLIENT_ALONE)
        self.assertEqual(one_sided, CLIENT_ALONE | SERVER_ALONE)

    def test_what_is_named_is_there(self):
        names = {match.groups() for match in NAME.finditer(TABLES.read_text())}
        for module, case, test in sorted(names):
            with self.subTest(test=f"{module}.{case}.{test}"):
                cases = vars(importlib.import_module(module))
                self.assertTrue(callable(getattr(cases[case], test)))
