"""What any exec client must get out of `uvspdy serve`."""

import hashlib
import random
import subprocess

from peers import DEADLINE

EXIT_CODES = [0, 3, 255]


def random_bytes(count):
    """The same ones each time."""
    return random.Random(count).getrandbits(8 * count).to_bytes(count, "little")


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


class ExecCases:
    """A mixin: a test case adds setUp, which starts self.server, and the two functions below."""

    pod = "uvspdy"
    # How often to look for the end of a long output: where it gets lost, it does so now and then.
    attempts = 10

    def command(self, *words, stdin=False):
        """The command line of the client."""
        raise NotImplementedError

    def execute(self, *words, data=None, **options):
        """Runs the client to its end. Only with `data` or `stdin` does it pass its stdin on."""
        raise NotImplementedError

    def test_output(self):
        result = self.execute("echo", "some words", "and 'quoted' ones")
        self.assert_exit(result, 0)
        self.assertEqual((result.stdout, result.stderr), (b"some words and 'quoted' ones\n", b""))

    def test_exit_codes(self):
        for code in EXIT_CODES:
            with self.subTest(code=code):
                self.assert_exit(self.execute("sh", "-c", f"exit {code}"), code)

    def test_exit_code_with_stdin(self):
        for code in EXIT_CODES:
            with self.subTest(code=code):
                result = self.execute("sh", "-c", f"cat; exit {code}", data=b"input")
                self.assert_exit(result, code)
                self.assertEqual(result.stdout, b"input")

    def test_a_signal_is_128_and_its_number(self):
        self.assert_exit(self.execute("sh", "-c", "kill -KILL $$"), 128 + 9)

    def test_command_not_found(self):
        result = self.execute("no-such-command")
        self.assert_exit(result, 127)
        self.assertEqual(result.stdout, b"")
        self.server.wait_for_log("'no-such-command': no such file or command")

    def test_command_not_executable(self):
        file = self.folder() / "not-executable"
        file.touch()
        self.assert_exit(self.execute(str(file)), 126)
        self.server.wait_for_log("not-executable': cannot run: permission denied")

    def test_outputs_are_separate(self):
        result = self.execute("sh", "-c", "echo to stdout; echo to stderr >&2")
        self.assert_exit(result, 0)
        self.assertEqual((result.stdout, result.stderr), (b"to stdout\n", b"to stderr\n"))

    def test_no_stdin_is_an_empty_one(self):
        result = self.execute("cat")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")

    def test_a_command_may_end_before_its_stdin(self):
        result = self.execute("head", "-c", "4", data=random_bytes(4 << 20))
        self.assert_exit(result, 0)
        self.assertEqual(digest(result.stdout), digest(random_bytes(4 << 20)[:4]))

    def test_10_mib_through_cat(self):
        data = random_bytes(10 << 20)
        result = self.execute("cat", data=data)
        self.assert_exit(result, 0)
        self.assertEqual(digest(result.stdout), digest(data))

    def test_10_mib_through_cat_on_stderr(self):
        data = random_bytes(10 << 20)
        result = self.execute("sh", "-c", "cat >&2", data=data)
        self.assert_exit(result, 0)
        self.assertEqual(digest(result.stderr), digest(data))
        self.assertEqual(result.stdout, b"")

    def test_all_output_is_there_before_the_end(self):
        # Not so in kubernetes/kubernetes#124571.
        expected = digest("".join(f"{number}\n" for number in range(1, 2_000_001)).encode())
        for attempt in range(self.attempts):
            with self.subTest(attempt=attempt):
                result = self.execute("seq", "1", "2000000")
                self.assert_exit(result, 0)
                self.assertEqual(digest(result.stdout), expected)

    def test_tail_sees_the_last_line(self):
        client = self.start(
            self.command("seq", "1", "2000000"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        tail = self.start(["tail", "-n", "1"], stdin=client.stdout, stdout=subprocess.PIPE)
        output, _ = tail.communicate(timeout=DEADLINE)
        self.assertEqual((output, client.wait(DEADLINE)), (b"2000000\n", 0))

    def test_unknown_pod(self):
        self.pod = "elsewhere"
        result = self.execute("true")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, 'pods "elsewhere" not found')
