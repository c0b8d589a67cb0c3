"""`uvspdy exec -it` and `attach -it` on a pty, with a terminal on the other side, too: that of
`uvspdy serve`."""

import signal
import subprocess

from local_terminal import LocalTerminal
from peers import DEADLINE, PeerTestCase, program, wait_until

UVSPDY = program("UVSPDY_COMMAND")


class Serve(PeerTestCase):
    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")
        self.terminal = LocalTerminal(self, 100, 30)

    def command(self, *words):
        return [UVSPDY, "exec", "-it", "-s", self.server.target, "uvspdy", "--", *words]

    def assert_end(self, client, code):
        self.assertEqual(client.wait(DEADLINE), code, self.terminal.shown)
        self.assertEqual(self.terminal.mode(), self.terminal.before)

    def test_a_terminal_of_the_right_size(self):
        client = self.terminal.start(self.command("sh", "-c", "tty; stty size"))
        self.terminal.wait_for(b"30 100\r\n")
        self.assertIn(b"/dev/pts/", self.terminal.shown)
        self.assert_end(client, 0)

    def test_a_new_size_reaches_the_command(self):
        script = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"
        client = self.terminal.start(self.command("sh", "-c", script))
        self.terminal.wait_for(b"ready\r\n")
        self.terminal.resize(61, 17)
        self.terminal.wait_for(b"17 61\r\n")
        self.terminal.type(b"\x03")
        self.assert_end(client, 130)

    def test_a_shell(self):
        client = self.terminal.start(self.command("sh", "-i"))
        self.terminal.type(b"echo $((6 * 7))\r")
        self.terminal.wait_for(b"42")
        # Ctrl-C ends what runs there, not the shell nor us.
        self.terminal.type(b"sh -c 'echo up $((5 * 5)); exec sleep 1000'\r")
        self.terminal.wait_for(b"up 25\r\n")  # from the job itself: the echo comes before it
        self.terminal.type(b"\x03")
        self.terminal.type(b"echo alive $((6 * 9))\r")
        self.terminal.wait_for(b"alive 54")
        self.terminal.type(b"exit 9\r")
        self.assert_end(client, 9)

    def test_ctrl_d(self):
        client = self.terminal.start(self.command("cat"))
        self.terminal.type(b"words\r")
        self.terminal.wait_for(b"words\r\nwords\r\n")
        self.terminal.type(b"\x04")
        self.assert_end(client, 0)

    def test_much_output(self):
        client = self.terminal.start(self.command("seq", "1", "100000"))
        self.assertEqual(client.wait(DEADLINE), 0)
        self.terminal.wait_for(b"\r\n100000\r\n")
        expected = "".join(f"{number}\r\n" for number in range(1, 100001)).encode()
        self.assert_same_bytes(self.terminal.shown, expected)

    def test_the_server_is_killed(self):
        server = self.serve_mortal(UVSPDY, "serve")
        command = [word.replace(self.server.target, server.target) for word in self.command("cat")]
        client = self.terminal.start(command)
        self.terminal.wait_until_raw()
        self.terminal.type(b"words\r")
        self.terminal.wait_for(b"words")
        server.process.kill()
        self.assert_end(client, 1)


class ServeMainProcess(PeerTestCase):
    """`uvspdy attach` to the process that `uvspdy serve` runs."""

    def attach(self, server, *flags):
        return [UVSPDY, "attach", *flags, "-s", server.target, "uvspdy"]

    def test_a_shell_on_a_terminal(self):
        server = self.serve_mortal(UVSPDY, "serve", "-it", "--", "sh", "-i")
        terminal = LocalTerminal(self, 100, 30)
        client = terminal.start(self.attach(server, "-it"))
        terminal.wait_until_raw()
        terminal.type(b"stty size\r")
        terminal.wait_for(b"30 100\r\n")
        # Going away leaves it running, and who comes back finds it as it was.
        terminal.type(b"kept=$((6 * 7))\r")
        terminal.wait_for(b"kept=$((6 * 7))\r\n")
        client.terminate()
        self.assertEqual(client.wait(DEADLINE), -signal.SIGTERM)
        self.assertEqual(terminal.mode(), terminal.before)
        client = terminal.start(self.attach(server, "-it"))
        terminal.wait_until_raw()
        terminal.type(b"echo it is $kept\r")
        terminal.wait_for(b"it is 42\r\n")
        terminal.type(b"exit 6\r")
        self.assertEqual(client.wait(DEADLINE), 6, terminal.shown)
        self.assertEqual(terminal.mode(), terminal.before)
        self.assertEqual(server.process.wait(DEADLINE), 6)

    def test_two_see_the_output_and_one_has_stdin(self):
        server = self.serve_mortal(
            UVSPDY, "serve", "-i", "--", "sh", "-c", "while read line; do echo $line; done; exit 8"
        )
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        writer = self.start(self.attach(server, "-i"), **options)
        reader = self.start(self.attach(server), **options)
        # Until both are attached, one of them would miss the words.
        wait_until(lambda: server.log().count("attached to the main process") == 2, "both")
        writer.stdin.write(b"words\n")
        writer.stdin.flush()
        self.assertEqual(writer.stdout.readline(), b"words\n")
        self.assertEqual(reader.stdout.readline(), b"words\n")
        server.process.terminate()
        for client in (writer, reader):
            self.assertNotEqual(client.wait(DEADLINE), 0)
