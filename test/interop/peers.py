"""Processes for the interoperability tests: started, waited for, and stopped, whatever happens."""

import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest

# For anything that should be quick. Nothing waits as long unless it is broken.
DEADLINE = 60.0

_running = set()
_remote_commands = []


def program(variable):
    """The path of a program that the build has made, as meson passes it on."""
    path = os.environ.get(variable)
    if not path:
        raise RuntimeError(
            f"{variable} is not set: run the tests by meson, or set it to the program's path"
        )
    return path


def wait_until(condition, what):
    """Returns the first value of condition() that is true."""
    end = time.monotonic() + DEADLINE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {DEADLINE:.0f} s in vain for {what}")
        time.sleep(0.01)


def run(command, data=None, **options):
    """Runs a program to its end; its stdin is `data`, an open file as `stdin`, or /dev/null."""
    if data is not None:
        options["input"] = data
    else:
        options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("timeout", DEADLINE)
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **options)


def start(command, **options):
    """Starts a program that `stop`, or at last `stop_all`, ends."""
    process = subprocess.Popen(command, **options)
    _running.add(process)
    return process


def stop(process):
    """Asks a process to end, sees to it, and returns its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
    _running.discard(process)
    return process.returncode


def forget_all():
    """In a process that has been forked: what the other has started is not stopped here."""
    _running.clear()
    _remote_commands.clear()


def stop_all():
    for process in list(_running):
        stop(process)
    # A server that is told twice to stop does not wait for its commands.
    for command in _remote_commands:
        command.kill()


def session_members(leader):
    """The processes that live in the session which a process leads, itself included."""
    members = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = pathlib.Path("/proc", name, "stat").read_text(errors="replace")
        except OSError:
            continue  # it has gone meanwhile
        fields = stat.rpartition(")")[2].split()
        state, session = fields[0], int(fields[3])
        if session == leader and state not in "ZX":
            members.append(int(name))
    return members


def send_two_signals(process):
    """Has a process find both a SIGINT and a SIGTERM when it next looks: it cannot end in between.
    Returns what it may be ended by."""
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    return (-signal.SIGINT, -signal.SIGTERM)


def peak_memory(process):
    """The most memory that a process has had, in bytes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M).group(1)) * 1024


def most_memory(bytes_of_memory):
    """A bound for what a process takes; there is none with sanitizers, which keep what was freed."""
    sanitized = os.environ.get("UVSPDY_SANITIZERS", "none") != "none"
    return float("inf") if sanitized else bytes_of_memory


def commands_of(server):
    """The commands that a `uvspdy serve` runs; beside them it has its guard."""
    pid = server.process.pid
    children = []
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += file.read_text().split()
        except OSError:
            continue  # the thread has gone meanwhile
    return [child for child in children if name_of(child) != "uvspdy-guard"]


def name_of(pid):
    """The name of a process; none when the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def descriptors(process):
    """How many it has open."""
    return len(os.listdir(f"/proc/{process.pid}/fd"))


class Server:
    """A program that prints "listening on TARGET" and ends with 0 on SIGTERM."""

    def __init__(self, command, folder):
        self.name = pathlib.Path(command[0]).name
        self._output, self._log = folder / "stdout", folder / "stderr"
        with open(self._output, "wb") as output, open(self._log, "wb") as log:
            self.process = start(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log)
        self.target = wait_until(self._read_target, f"{self.name} to listen").group(1)

    def _read_target(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended at once: {self.log()}")
        return re.search(r"^listening on (\S+)\n", self._output.read_text(), re.M)

    @property
    def address(self):
        """Host and port, for a socket."""
        host, _, port = self.target.rpartition("/")[2].rpartition(":")
        return host, int(port)

    def peak_memory(self):
        """The most memory that it has had, in bytes."""
        return peak_memory(self.process)

    def forget_peak_memory(self):
        """From here on the peak is a new one."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def log(self):
        return self._log.read_text(errors="replace")

    def wait_for_log(self, pattern):
        """The line of the log in which the pattern is found."""
        line = re.compile(f"^.*(?:{pattern}).*$", re.M)
        try:
            return wait_until(lambda: line.search(self.log()), pattern).group()
        except AssertionError as error:
            raise AssertionError(f"{error} in the log:\n{self.log()}") from None

    def end(self, number=signal.SIGTERM):
        """Sends a signal and returns the exit code that it leads to."""
        self.process.send_signal(number)
        self.process.wait(DEADLINE)
        return stop(self.process)

    def stop(self):
        """Ends it, and fails when it had died before or does not end well."""
        died = self.process.poll() is not None
        code = stop(self.process)
        if died or code != 0:
            what = "died" if died else "ended"
            raise AssertionError(f"{self.name} {what} with {code}; its log:\n{self.log()}")


class RemoteCommand:
    """A shell script for a server to run, which says in a file that it has started."""

    def __init__(self, folder, script):
        self._pid_file = folder / "pid"
        self.words = ["sh", "-c", f'echo $$ >"$0"; {script}', str(self._pid_file)]
        _remote_commands.append(self)

    def _started(self):
        try:
            text = self._pid_file.read_text()
        except FileNotFoundError:
            return None
        return text.endswith("\n") and int(text)

    def has_started(self):
        return bool(self._started())

    def wait_for_start(self):
        """The command's process id, which is its session's id too."""
        return wait_until(self._started, "the command to start")

    def wait_for_end(self):
        """Waits until nothing of the command is left."""
        leader = self.wait_for_start()
        wait_until(lambda: not session_members(leader), f"the end of all of session {leader}")

    def kill(self):
        """Ends what a test has left of it."""
        leader = self._started()
        for member in session_members(leader) if leader else []:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass


# Commands that never end by themselves.
SLEEP = "exec sleep 1000"
IGNORE_SIGHUP = "trap '' HUP; while :; do sleep 0.1; done"


# A user of this run's own, who has no processes else; only root can become one. Containers of users
# without rights know no more than 65,536.
OTHER_USER = 20_000 + os.getpid() % 40_000


def become_other_user(processes=None):
    """What a process does before its program: it may have no more than so many processes then."""
    if processes is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    os.setgroups([])
    os.setgid(OTHER_USER)
    os.setuid(OTHER_USER)


class PeerTestCase(unittest.TestCase):
    """A test that starts processes. Whatever it started is gone when it is over."""

    def folder(self):
        """A new folder of the test's own."""
        folder = tempfile.TemporaryDirectory(prefix="uvspdy-interop-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def serve(self, *command):
        """A server that must be alive at the test's end, and then end well."""
        server = Server(command, self.folder())
        self.addCleanup(server.stop)
        return server

    def serve_mortal(self, *command):
        """A server that the test itself ends."""
        server = Server(command, self.folder())
        self.addCleanup(stop, server.process)
        return server

    def remote_command(self, script):
        command = RemoteCommand(self.folder(), script)
        self.addCleanup(command.kill)
        return command

    def start(self, command, **options):
        process = start(command, **options)
        self.addCleanup(stop, process)
        return process

    def need_other_user(self, command):
        if os.geteuid() != 0:
            self.skipTest("only root can start processes of another user")
        try:
            run([command, "--version"], preexec_fn=become_other_user)
        except (OSError, subprocess.SubprocessError) as error:
            self.skipTest(f"another user cannot run {command}: {error}")

    def need_ipv6_loopback(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"::1 cannot be listened on here: {error}")

    def assert_exit(self, result, code):
        if result.returncode != code:
            self.fail(
                f"{result.args} ended with {result.returncode}, not {code}\n"
                f"stdout: {(result.stdout or b'')[-1000:]!r}\nstderr: {result.stderr[-1000:]!r}"
            )

    def assert_same_bytes(self, actual, expected):
        """assertEqual without printing megabytes."""
        if actual == expected:
            return
        at = next(
            (i for i, (a, e) in enumerate(zip(actual, expected)) if a != e),
            min(len(actual), len(expected)),
        )
        self.fail(f"{len(actual)} bytes, not {len(expected)}; they differ from byte {at} on")

    def assert_one_line(self, text, pattern):
        """An error for people: one line, in which the pattern is found."""
        self.assertRegex(text.decode(), rf"\A[^\n]*(?:{pattern})[^\n]*\n\Z")
