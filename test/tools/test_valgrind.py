import pathlib
import tempfile
import unittest

import valgrind

KNOWN = [
    {"name": "core", "cmd": ["/b/test-core"], "env": {}},
    {"name": "http-heads", "cmd": ["/b/test-http-heads"], "env": {"HEADS": "/s"}},
]


class Commands(unittest.TestCase):
    def test_are_those_of_the_tests_under_memcheck(self):
        ((name, command, environment),) = valgrind.commands(KNOWN, ["http-heads"])
        self.assertEqual(name, "http-heads")
        self.assertEqual(command[0], "valgrind")
        self.assertEqual(command[-2:], ["/b/test-http-heads", valgrind.left_out()])
        self.assertEqual(environment, {"HEADS": "/s", **valgrind.ENVIRONMENT})

    def test_a_test_that_is_not_there_is_an_error(self):
        with self.assertRaises(KeyError):
            list(valgrind.commands(KNOWN, ["core", "kube"]))

    def test_each_test_left_out_is_there(self):
        texts = [
            path.read_text(encoding="utf-8") for path in valgrind.ROOT.glob("test/*/*_test.cpp")
        ]
        for name in valgrind.LEFT_OUT:
            self.assertRegex(name, r"^[^,]+\*$")
            begin = f'TEST_CASE("{name[:-1]}'
            self.assertEqual(sum(text.count(begin) for text in texts), 1, name)


class Running(unittest.TestCase):
    def run_program(self, script):
        with tempfile.TemporaryDirectory() as folder:
            return valgrind.run("it", ["sh", "-c", script], {}, pathlib.Path(folder))

    def test_what_memcheck_finds_is_a_failure(self):
        self.assertTrue(self.run_program("echo 2 passed, 0 failed, 0 skipped"))
        self.assertFalse(self.run_program("echo 2 passed, 0 failed, 0 skipped; exit 99"))
