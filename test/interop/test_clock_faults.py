"""Clocks that are set forward or back while something is under way: no timeout is of the wall clock.
libfaketime (the package faketime) has the process see another time of day; its monotonic clock goes
on as it is."""

import glob
import os
import signal
import socket
import subprocess
import time

import spdy
import transfers
from peers import DEADLINE, PeerTestCase, run, wait_until
from transfers import UVSPDY

JUMPS = {"forward": "+400d", "back": "-400d"}


class Clock:
    """The time of day of the processes that have its environment."""

    def __init__(self, test):
        libraries = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not libraries:
            test.skipTest("no libfaketime (Debian's faketime)")
        self._file = test.folder() / "clock"
        self.environment = {
            **os.environ,
            "LD_PRELOAD": libraries[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.set("+0")
        year = run(["date", "+%Y"], env=self.environment).stdout
        self.set("+400d")
        if run(["date", "+%Y"], env=self.environment).stdout == year:
            test.fail("libfaketime does not change the time")
        self.set("+0")

    def set(self, offset):
        new = self._file.with_suffix(".new")
        new.write_text(offset + "\n")
        new.rename(self._file)


class Clocks(PeerTestCase):
    def setUp(self):
        self.clock = Clock(self)
        # What the test starts has this clock.
        for name in ("LD_PRELOAD", *filter(lambda n: "FAKETIME" in n, self.clock.environment)):
            self.change_environment(name, self.clock.environment[name])

    def change_environment(self, name, value):
        before = os.environ.get(name)
        os.environ[name] = value
        if before is None:
            self.addCleanup(os.environ.pop, name)
        else:
            self.addCleanup(os.environ.update, {name: before})

    def check_transfer(self, kind):
        for name, offset in JUMPS.items():
            with self.subTest(jump=name):
                self.clock.set("+0")
                server = self.serve(UVSPDY, "serve")
                transfer = kind(self, server)
                self.clock.set(offset)
                time.sleep(0.2)
                transfer.let_end()
                transfer.check_complete()
                self.assertEqual(transfer.errors, "")

    def test_exec(self):
        self.check_transfer(transfers.ExecOutput)

    def test_port_forward(self):
        self.check_transfer(transfers.PortForward)

    def test_a_time_limit_is_neither_reached_nor_put_off(self):
        for name, offset in JUMPS.items():
            with self.subTest(jump=name), socket.create_server(("127.0.0.1", 0)) as silent:
                self.clock.set("+0")
                words = ["-s", f"http://127.0.0.1:{silent.getsockname()[1]}"]
                client = self.start(
                    [UVSPDY, "exec", *words, "--request-timeout=2s", "uvspdy", "--", "true"],
                    stderr=subprocess.PIPE,
                )
                silent.settimeout(DEADLINE)
                connection, _ = silent.accept()
                with connection:
                    spdy.receive_head(connection)
                    start = time.monotonic()
                    self.clock.set(offset)
                    _, error = client.communicate(timeout=DEADLINE)
                    self.assertGreater(time.monotonic() - start, 0.3)
                self.assertEqual(client.returncode, 1)
                self.assert_one_line(error, r"no answer from .* within \d+ ms")

    def test_connections_that_say_nothing_are_kept(self):
        server = self.serve(UVSPDY, "serve")
        with spdy.connect(server.address) as silent:
            self.clock.set("+400d")
            self.assert_exit(
                run([UVSPDY, "exec", "-s", server.target, "uvspdy", "--", "true"]), 0
            )
            # Its half a minute for the request has not passed.
            silent.sendall(b"GET /version HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            self.assertRegex(spdy.receive_head(silent), r"\AHTTP/1\.1 (?!408)")

    def test_a_server_that_stops_grants_its_commands_their_time(self):
        """Five seconds from SIGHUP to SIGKILL, whatever the clock says."""
        server = self.serve_mortal(UVSPDY, "serve")
        trapped = self.folder() / "trapped"
        ready = self.folder() / "ready"
        script = f"trap 'touch {trapped}; sleep 0.5; exit 7' HUP; touch {ready}; "
        script += "while :; do sleep 0.05; done"
        remote = self.remote_command(script)
        client = self.start(
            [UVSPDY, "exec", "-s", server.target, "uvspdy", "--", *remote.words],
            stderr=subprocess.PIPE,
        )
        remote.wait_for_start()
        wait_until(ready.exists, "the command to have its trap")
        server.process.send_signal(signal.SIGTERM)
        wait_until(trapped.exists, "the command to hear of it")
        self.clock.set("+400d")
        client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 7)
        self.assertEqual(server.process.wait(DEADLINE), 0)
