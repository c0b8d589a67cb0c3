"""The embedding examples: they run, and the README shows the first as it is."""

import os
import pathlib
import subprocess
import unittest


class Example(unittest.TestCase):
    def test_runs(self):
        done = subprocess.run([os.environ["UVSPDY_EXAMPLE_ECHO"]], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "hello, stream\n", ""))

    def test_coroutines_run(self):
        done = subprocess.run([os.environ["UVSPDY_EXAMPLE_COROUTINE_ECHO"]], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "hello, stream\n", ""))

    def test_stands_in_the_readme(self):
        source = pathlib.Path(os.environ["UVSPDY_SOURCE"])
        example = (source / "docs/examples/echo.cpp").read_text()
        self.assertIn("```cpp\n" + example + "```\n", (source / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
