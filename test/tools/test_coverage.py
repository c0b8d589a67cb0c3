import unittest

import coverage


def file(name, covered, total):
    return {"filename": name, "line_covered": covered, "line_total": total}


class Floors(unittest.TestCase):
    def test_are_added_up(self):
        files = [file(f"lib/{floor}/a.cpp", 99, 100) for floor in coverage.LEAST]
        floors = coverage.by_floor({"files": [*files, file("lib/wire/b/c.cpp", 1, 100)]})
        self.assertEqual(floors["wire"], (100, 200))
        self.assertEqual(floors["net"], (99, 100))
        enough = dict(zip(floors, [enough for _, enough in coverage.verdicts(floors)]))
        self.assertEqual(enough, {**dict.fromkeys(coverage.LEAST, True), "wire": False})

    def test_of_which_nothing_was_measured_are_not_enough(self):
        verdicts = coverage.verdicts(coverage.by_floor({"files": []}))
        self.assertFalse(any(enough for _, enough in verdicts))


class Programs(unittest.TestCase):
    def test_are_the_tests_of_these_floors(self):
        text = (
            "test/wire/test-wire: cpp_LINKER\n"
            "test/wire/test-wire.p/a.cpp.o: cpp_COMPILER\n"
            "test/net/test-net-threads: cpp_LINKER\n"
            "test/kube/test-kube: cpp_LINKER\n"
            "all: phony\n"
        )
        found = coverage.TARGET.findall(text)
        self.assertEqual(found, ["test/wire/test-wire", "test/net/test-net-threads"])
