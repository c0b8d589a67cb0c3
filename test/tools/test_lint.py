import unittest

import lint

DEPENDENCIES = """lib/a.p/x.cpp.o: #deps 2, deps mtime 5 (VALID)
    ../lib/x.cpp
    ../lib/x.h

lib/a.p/old.cpp.o: #deps 1, deps mtime 5 (STALE)
    ../lib/old.cpp

lib/a.p/y.cpp.o: #deps 1, deps mtime 5 (VALID)
    /usr/include/uv.h
"""


class Dependencies(unittest.TestCase):
    def test_are_those_that_ninja_holds_for_valid(self):
        self.assertEqual(
            lint.read_dependencies(DEPENDENCIES),
            {
                "lib/a.p/x.cpp.o": ["../lib/x.cpp", "../lib/x.h"],
                "lib/a.p/y.cpp.o": ["/usr/include/uv.h"],
            },
        )


class Changed(unittest.TestCase):
    SOURCES = ["lib/a.cpp", "lib/b.cpp", "lib/c.cpp"]
    INCLUDES = {
        "lib/a.cpp": ["lib/a.cpp", "lib/b.h"],
        "lib/b.cpp": ["lib/b.cpp", "lib/b.h"],
        "lib/c.cpp": ["lib/c.cpp", "lib/only.h"],
    }

    def choose(self, *changed):
        return lint.choose(self.SOURCES, self.INCLUDES, set(changed))

    def test_sources_are_looked_at(self):
        self.assertEqual(self.choose("lib/c.cpp", "README.md"), ["lib/c.cpp"])

    def test_a_header_is_looked_at_through_its_own_source(self):
        self.assertEqual(self.choose("lib/b.h"), ["lib/b.cpp"])

    def test_a_header_without_a_source_is_looked_at_through_one_that_includes_it(self):
        self.assertEqual(self.choose("lib/only.h"), ["lib/c.cpp"])

    def test_a_header_of_a_source_that_is_looked_at_needs_no_other(self):
        self.assertEqual(self.choose("lib/b.h", "lib/a.cpp"), ["lib/a.cpp"])

    def test_a_header_of_tests_alone_is_not_looked_at(self):
        self.assertEqual(self.choose("test/support/x.h"), [])


class LastGreen(unittest.TestCase):
    def test_commit_is_read(self):
        text = "x\nLast green run of everything: 2026-11-29 (0a1b2c3d).\n"
        self.assertEqual(lint.last_green_commit(text), "0a1b2c3d")

    def test_commit_that_is_not_named(self):
        self.assertIsNone(lint.last_green_commit("Last green run of everything: DATE\n"))

    def test_line_is_in_the_document(self):
        text = (lint.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        self.assertTrue("\nLast green run of everything: " in text)
