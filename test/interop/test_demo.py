"""`uvspdy demo`: what a newcomer sees first."""

import os
import shutil

from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")

SESSION = [
    r"^  stdin +these bytes go in by stdin$",
    r"^  stdout +THESE BYTES GO IN BY STDIN$",
    r"^  stderr +and a word on stderr$",
    r"^  exit code 3$",
]
FRAMES = [
    r"^  out SYN_STREAM stream 1, \d+ bytes, streamtype: error$",
    r"^  in  SYN_REPLY stream 1, \d+ bytes$",
    r"^  out DATA stream 3, 27 bytes",
    r"^  in  DATA stream 5, \d+ bytes",
    r"^  in  DATA stream 1, \d+ bytes, FIN$",
]


class Demo(PeerTestCase):
    def check(self, result, patterns):
        self.assert_exit(result, 0)
        text = result.stdout.decode()
        for pattern in patterns:
            self.assertRegex(text, f"(?m){pattern}")

    def test_with_kubectl(self):
        if not shutil.which("kubectl"):
            self.skipTest("kubectl is not on the PATH")
        result = run([UVSPDY, "demo"])
        self.check(result, SESSION + FRAMES + [r"^hello from kubectl exec$"])
        text = result.stdout.decode()
        # Once by our client, once by kubectl.
        self.assertEqual(text.count("THESE BYTES GO IN BY STDIN"), 2)
        self.assertEqual(text.count("  exit code 3\n"), 2)

    def test_without_kubectl(self):
        folder = self.folder()
        for tool in ["sh", "tr"]:  # what its command is made of
            (folder / tool).symlink_to(shutil.which(tool))
        result = run([UVSPDY, "demo"], env=dict(os.environ, PATH=str(folder)))
        self.check(result, SESSION + FRAMES + ["^kubectl is not on the PATH"])
        self.assertEqual(result.stderr, b"")

    def test_a_kubectl_that_a_signal_ends(self):
        folder = self.folder()
        for tool in ["sh", "tr"]:
            (folder / tool).symlink_to(shutil.which(tool))
        kubectl = folder / "kubectl"
        kubectl.write_text("#!/bin/sh\nkill -TERM $PPID\n")  # with the shell around it
        kubectl.chmod(0o755)
        result = run([UVSPDY, "demo"], env=dict(os.environ, PATH=str(folder)))
        self.assert_exit(result, 1)
        self.assertRegex(result.stdout.decode(), r"(?m)^  exit code 143$")

    def test_an_exec_that_goes_wrong_is_said_to(self):
        # Without tr the bytes do not come back.
        folder = self.folder()
        (folder / "sh").symlink_to(shutil.which("sh"))
        result = run([UVSPDY, "demo"], env=dict(os.environ, PATH=str(folder)))
        self.assert_exit(result, 1)
        self.assertIn(b"this is not what it should look like", result.stderr)
