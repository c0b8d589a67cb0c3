"""The embedding examples: they run, and the README shows the first one as it is."""

import os
import pathlib
import subprocess
import unittest

EXAMPLES = pathlib.Path(os.environ["UVSPDY_EXAMPLES"])
PRINTED = {
    "backpressure": "16777216 of 16777216 bytes\n",
    "coroutine_echo": "hello, stream\n",
    "echo": "hello, stream\n",
    "frames": "stream 1 opens, topic hi\nping 1\nstream 1: x, its last\n",
    "http_requests": "given up\nhello, /index\nconnected, by echo.example\n",
    "kube_client": "Authorization: Bearer of-this-example\nhello, command\nexit code 3\nhello, port\n",
    "many_loops": "24 of 24 connections to 3 loops echoed\n",
    "own_http_server": "hello, embedder\n",
    "own_transport": "hello, memory\n",
    "post_from_threads": "1000 lines from 4 threads\n",
    "process_runtime": "HELLO, PROCESS\nexit code 3\n",
    "streaming_server": "HELLO, RUNTIME\n",
    "tcp_relay": "hello, relay\n",
}


class Example(unittest.TestCase):
    def test_each_runs(self):
        for name, printed in PRINTED.items():
            with self.subTest(name):
                if not (EXAMPLES / name).exists():
                    self.skipTest("built without -Dkube=true")
                done = subprocess.run([EXAMPLES / name], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, printed, ""))

    def test_none_is_left_out(self):
        sources = pathlib.Path(os.environ["UVSPDY_SOURCE"], "docs/examples").glob("*.cpp")
        self.assertEqual(sorted(source.stem for source in sources), sorted(PRINTED))

    def test_the_first_stands_in_the_readme(self):
        source = pathlib.Path(os.environ["UVSPDY_SOURCE"])
        example = (source / "docs/examples/echo.cpp").read_text()
        self.assertIn("```cpp\n" + example + "```\n", (source / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
