"""The command with standard descriptors that are closed (`<&-`, `>&-`), as of a daemon: each
command does its work, and ends as with /dev/null in their place."""

import itertools

from peers import DEADLINE, PeerTestCase, program, run, wait_until

UVSPDY = program("UVSPDY_COMMAND")
CLOSINGS = {0: "<&-", 1: ">&-", 2: "2>&-"}


def closing(descriptors, *words):
    """These words as a command line that has the descriptors closed."""
    closed = " ".join(CLOSINGS[fd] for fd in descriptors)
    return ["sh", "-c", f'exec "$0" "$@" {closed}', *words]


class ClosedDescriptors(PeerTestCase):
    def setUp(self):
        self.files = self.folder()
        (self.files / "file").write_bytes(b"content")

    def check(self, server, descriptors):
        target = ["-s", server.target]
        result = run(closing(descriptors, UVSPDY, "exec", *target, "uvspdy", "--", "echo", "here"))
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"" if 1 in descriptors else b"here\n")
        self.assertEqual(result.stderr, b"")
        for source, name in [
            (f"uvspdy:{self.files}/file", f"{self.files}/down"),
            (f"{self.files}/file", f"uvspdy:{self.files}/up"),
        ]:
            result = run(closing(descriptors, UVSPDY, "cp", *target, source, name))
            self.assert_exit(result, 0)
            self.assertEqual(result.stderr, b"")
            copy = self.files / name.rpartition("/")[2]
            self.assertEqual(copy.read_bytes(), b"content")
            copy.unlink()

    def test_clients(self):
        server = self.serve(UVSPDY, "serve")
        for count in (1, 2, 3):
            for descriptors in itertools.combinations(CLOSINGS, count):
                with self.subTest(closed=descriptors):
                    self.check(server, descriptors)

    def test_standard_input_has_ended(self):
        server = self.serve(UVSPDY, "serve")
        command = [UVSPDY, "exec", "-i", "-s", server.target, "uvspdy", "--", "wc", "-c"]
        result = run(closing([0], *command))
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout.strip(), b"0")

    def test_a_server(self):
        """One that has none of the three tells nobody its port, and is reached by its socket."""
        path = self.files / "socket"
        process = self.start(closing(CLOSINGS, UVSPDY, "serve", "--listen", f"unix://{path}"))
        wait_until(path.exists, "the server's socket")
        server = ["-s", f"unix://{path}"]
        for words, expected in [(["echo", "here"], b"here\n"), (["sh", "-c", "echo e >&2"], b"")]:
            result = run([UVSPDY, "exec", *server, "uvspdy", "--", *words])
            self.assert_exit(result, 0)
            self.assertEqual(result.stdout, expected)
        result = run([UVSPDY, "exec", "-i", *server, "uvspdy", "--", "cat"], b"bytes")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"bytes")
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)
