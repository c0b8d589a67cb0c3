"""`uvspdy exec -it` and `attach -it` on a real terminal, a pty. Whatever happens, the terminal is
afterwards as it was before."""

import os
import signal
import subprocess
import termios

from local_terminal import LocalTerminal
from peers import DEADLINE, PeerTestCase, program, wait_until
from scripted_pod import ScriptedPod, pod_with

UVSPDY = program("UVSPDY_COMMAND")

WITHOUT_TERMINAL = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
}


class TerminalTestCase(PeerTestCase):
    """A terminal, and a server that does as the test says."""

    def setUp(self):
        self.server = ScriptedPod(self)
        self.terminal = LocalTerminal(self)

    def command(self, verb="exec", flags=("-it",)):
        words = ["--", "sh"] if verb == "exec" else []
        return [UVSPDY, verb, "-s", self.server.url(), *flags, "web", *words]

    def start_session(self, verb="exec", flags=("-it",)):
        """The client, and the server's end once the terminal is raw."""
        client = self.terminal.start(self.command(verb, flags))
        session = self.server.session
        self.terminal.wait_until_raw()
        return client, session

    def assert_restored(self):
        self.assertEqual(self.terminal.mode(), self.terminal.before)

    def assert_end(self, client, code):
        self.assertEqual(client.wait(DEADLINE), code, self.terminal.shown)
        self.assert_restored()


class Sessions(TerminalTestCase):
    def test_keys_go_out_as_they_are_and_output_comes_back(self):
        client, session = self.start_session()
        keys = bytes(range(256))  # Ctrl-C, Ctrl-D and Ctrl-Z among them
        self.terminal.type(keys)
        session.wait_for("stdin", keys)
        self.assertIsNone(client.poll())
        # Nothing is shown but what the other side says, and that as it is.
        session.send("stdout", b"\x1b[2Jone\ntwo\r\n")
        self.terminal.wait_for(b"two\r\n")
        self.assertEqual(self.terminal.shown, b"\x1b[2Jone\ntwo\r\n")
        session.finish(7)
        self.assert_end(client, 7)

    def test_the_request(self):
        client, session = self.start_session()
        self.assertEqual(
            session.query,
            {
                "command": ["sh"],
                "container": ["main"],
                "stdin": ["true"],
                "stdout": ["true"],
                "tty": ["true"],
            },
        )
        session.finish()
        self.assert_end(client, 0)

    def test_the_first_size_is_there_before_the_last_stream(self):
        client, session = self.start_session()
        self.assertEqual(session.at_last_stream["resize"], b'{"Width":132,"Height":43}')
        self.assertEqual(session.at_last_stream["stdin"], b"")
        session.finish()
        self.assert_end(client, 0)

    def test_sizes_follow(self):
        client, session = self.start_session()
        for columns, rows in [(80, 24), (81, 24), (300, 100)]:
            self.terminal.resize(columns, rows)
            session.wait_for("resize", b'{"Width":%d,"Height":%d}' % (columns, rows))
        session.finish()
        self.assert_end(client, 0)

    def test_without_a_resize_stream(self):
        self.server.protocol = "v2.channel.k8s.io"
        client, session = self.start_session()
        self.terminal.resize(80, 24)
        self.terminal.type(b"keys")
        session.wait_for("stdin", b"keys")
        session.send("stdout", b"", fin=True)
        session.send("error", b"", fin=True)
        self.assert_end(client, 0)

    def test_attach_has_the_screen_drawn_anew(self):
        self.server.pod = 200, pod_with(tty=True)
        client, session = self.start_session("attach")
        self.assertEqual(session.at_last_stream["resize"], b'{"Width":133,"Height":44}')
        session.wait_for("resize", b'{"Width":133,"Height":44}{"Width":132,"Height":43}')
        self.terminal.wait_for(b"If you don't see a command prompt, try pressing enter.")
        session.finish(3)
        self.assert_end(client, 3)

    def test_attach_takes_a_terminal_where_the_process_has_one(self):
        self.server.pod = 200, pod_with(tty=True)
        client, session = self.start_session("attach", ["-i"])
        self.assertIn("tty", session.query)
        session.finish()
        self.assert_end(client, 0)

    def test_attach_takes_none_where_the_process_has_none(self):
        client = self.terminal.start(self.command("attach"))
        session = self.server.session
        self.terminal.wait_for(
            b"error: Unable to use a TTY - container main did not allocate one\r\n"
        )
        self.assertNotIn("tty", session.query)
        self.assert_restored()
        session.finish()
        self.assert_end(client, 0)


class Ends(TerminalTestCase):
    """The terminal is restored by all of them."""

    def test_exit_codes(self):
        for code in (0, 1, 255):
            with self.subTest(code=code):
                self.setUp()
                client, session = self.start_session()
                session.finish(code)
                self.assert_end(client, code)

    def test_a_failure_without_a_code(self):
        client, session = self.start_session()
        session.finish(message="no such thing")
        self.assert_end(client, 1)
        self.terminal.wait_for(b"uvspdy exec: no such thing\r\n")

    def test_a_connection_that_ends(self):
        for reset in (False, True):
            with self.subTest(reset=reset):
                self.setUp()
                client, session = self.start_session()
                session.cut(reset)
                self.assert_end(client, 1)
                # In cooked mode again: the line begins where it should.
                self.terminal.wait_for(b"exit status is unknown")

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(signal=number):
                self.setUp()
                client, session = self.start_session()
                client.send_signal(number)
                self.assert_end(client, -number)
                wait_until(lambda: session.over, "the connection's end")

    def test_a_signal_while_the_server_reads_nothing(self):
        client, session = self.start_session()
        session.reading.clear()
        self.addCleanup(session.reading.set)
        self.terminal.type(b"x" * 4000)
        client.send_signal(signal.SIGTERM)
        self.assert_end(client, -signal.SIGTERM)

    def test_the_window_is_closed(self):
        client, session = self.start_session()
        self.terminal.hang_up()
        self.assertNotEqual(client.wait(DEADLINE), 0)
        wait_until(lambda: session.over, "the connection's end")

    def test_a_hard_kill_ends_the_session(self):
        client, session = self.start_session()
        client.kill()
        self.assertEqual(client.wait(DEADLINE), -signal.SIGKILL)
        wait_until(lambda: session.over, "the connection's end")

    def test_output_that_nobody_takes(self):
        folder = self.folder()
        os.mkfifo(folder / "pipe")
        reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(folder / "pipe", os.O_WRONLY)
        client = self.terminal.start(self.command(), stdout=writer)
        os.close(writer)
        session = self.server.session
        self.terminal.wait_until_raw()
        os.close(reader)
        session.send("stdout", b"for nobody")
        self.assert_end(client, -signal.SIGPIPE)

    def test_refusals_come_before_raw_mode(self):
        self.server.pod = 404, {"status": "Failure", "reason": "NotFound", "message": "no web"}
        client = self.terminal.start(self.command())
        self.assert_end(client, 1)
        self.terminal.wait_for(b"Error from server (NotFound): no web\r\n")

    def test_ctrl_c_while_connecting(self):
        self.server.pod = None  # which is never answered
        client = self.terminal.start(self.command())
        wait_until(lambda: self.server.requests, "the request")
        self.assert_restored()
        self.terminal.type(b"\x03")
        self.assert_end(client, -signal.SIGINT)


class JobControl(TerminalTestCase):
    def wait_for_stop(self, client):
        def stopped():
            pid, status = os.waitpid(client.pid, os.WNOHANG | os.WUNTRACED)
            return pid and os.WIFSTOPPED(status)

        wait_until(stopped, "the client to stop")

    def test_stopped_and_continued(self):
        client, session = self.start_session()
        for columns in (100, 101):
            client.send_signal(signal.SIGTSTP)
            self.wait_for_stop(client)
            self.assert_restored()
            self.terminal.resize(columns, 30)
            client.send_signal(signal.SIGCONT)
            self.terminal.wait_until_raw()
            session.wait_for("resize", b'{"Width":%d,"Height":30}' % columns)
        self.terminal.type(b"\x1a")
        session.wait_for("stdin", b"\x1a")
        session.finish(2)
        self.assert_end(client, 2)

    def test_stopped_by_force(self):
        client, session = self.start_session()
        client.send_signal(signal.SIGSTOP)
        self.wait_for_stop(client)
        # What a shell does to its terminal then.
        termios.tcsetattr(self.terminal.slave, termios.TCSANOW, self.terminal.before)
        client.send_signal(signal.SIGCONT)
        self.terminal.wait_until_raw()
        session.finish()
        self.assert_end(client, 0)


class WithoutTerminal(TerminalTestCase):
    def test_stdin_is_none(self):
        client = self.start(self.command(), **WITHOUT_TERMINAL)
        session = self.server.session
        self.assertNotIn("tty", session.query)
        wait_until(lambda: "stdin" in session.ended, "the end of stdin")
        session.finish(4)
        output, error = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output), (4, b""))
        self.assertRegex(
            error.decode(),
            r"\AUnable to use a TTY - input is not a terminal or the right kind of file\n"
            r"uvspdy exec: [^\n]*\n\Z",
        )

    def test_quietly(self):
        client = self.start(self.command(flags=["-itq"]), **WITHOUT_TERMINAL)
        self.server.session.finish()
        self.assertEqual(client.communicate(timeout=DEADLINE), (b"", b""))
        self.assertEqual(client.returncode, 0)

    def test_t_alone_is_nothing(self):
        client = self.terminal.start(self.command(flags=["-t"]))
        session = self.server.session
        self.assertEqual(set(session.received), {"error", "stdout", "stderr"})
        self.assert_restored()
        session.finish()
        self.assert_end(client, 0)

    def test_ctrl_c_ends_it_with_130(self):
        for flags in ([], ["-i"]):
            with self.subTest(flags=flags):
                self.setUp()
                # The shell that the person types in ignores it, as an interactive one does.
                shell = ["sh", "-c", 'trap : INT; "$@"; echo "code $?"', "sh"]
                client = self.terminal.start(shell + self.command(flags=flags))
                session = self.server.session
                self.terminal.type(b"\x03")
                self.terminal.wait_for(b"code 130\r\n")
                self.assert_end(client, 0)
                wait_until(lambda: session.over, "the connection's end")

    def test_ctrl_d_ends_stdin(self):
        client = self.terminal.start(self.command(flags=["-i"]))
        session = self.server.session
        self.terminal.type(b"line\n\x04")
        session.wait_for("stdin", b"line\n")
        wait_until(lambda: "stdin" in session.ended, "the end of stdin")
        session.finish()
        self.assert_end(client, 0)

    def test_signals_that_are_ignored_stay_so(self):
        ignoring = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]
        pipes = {**WITHOUT_TERMINAL, "stdin": subprocess.PIPE}
        client = self.start(ignoring + self.command(flags=["-i"]), **pipes)
        session = self.server.session
        client.send_signal(signal.SIGHUP)
        client.stdin.write(b"still here")
        client.stdin.flush()
        session.wait_for("stdin", b"still here")
        session.finish(5)
        self.assertEqual(client.wait(DEADLINE), 5)
