"""A disk that is full, read-only, or has no room for this process (ulimit -f): each command says so,
ends with 1, and leaves nothing behind that looks like a result."""

import os
import re
import resource
import signal
import subprocess

from cp_cases import UVSPDY, CpTestCase
from exec_cases import random_bytes
from peers import DEADLINE, PeerTestCase, run, wait_until

ROOM = 256 << 10
TOO_MUCH = random_bytes(1 << 20)
OLDER = b"older"

# How unshare gets a mount namespace: as root, and as a user whom the system lets.
NAMESPACES = [["--mount"], ["--map-root-user", "--mount"]]

class SmallDisk:
    """A file system of ROOM bytes that only commands with `words` in front see, at `folder`."""

    def __init__(self, test):
        self.folder = test.folder()
        script = f'mount -t tmpfs -o size={ROOM},mode=777 none "$0" && echo ready; exec cat'
        for flags in NAMESPACES:
            holder = test.start(
                ["unshare", *flags, "sh", "-c", script, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            if holder.stdout.readline() == b"ready\n":
                break
        else:
            test.skipTest("neither root nor a user may mount a file system here")
        users = ["--user", "--preserve-credentials"] if len(flags) > 1 else []
        self.words = ["nsenter", f"--target={holder.pid}", *users, "--mount"]

    def do(self, script):
        """Runs a shell script in the folder; its output."""
        result = run([*self.words, "sh", "-ec", f"cd '{self.folder}'; {script}"])
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        return result.stdout

    def names(self):
        return self.do("ls -A").decode().split()

    def fill(self):
        self.do("cat /dev/zero >fill 2>/dev/null || true")

    def make_read_only(self):
        self.do("cd /; mount -o remount,ro \"$OLDPWD\"")

def small_files(room=ROOM):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

class Downloads(CpTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve(UVSPDY, "serve")
        (self.there / "file").write_bytes(TOO_MUCH)

    def download(self, disk, name="file"):
        return run([*disk.words, *self.command(self.remote(name), disk.folder / "copy")])

    def test_a_full_disk(self):
        disk = SmallDisk(self)
        disk.do(f"printf {OLDER.decode()} >copy")
        result = self.download(disk)
        self.check_failed(result, "cannot write file: .*No space left on device")
        self.assertEqual((disk.names(), disk.do("cat copy")), (["copy"], OLDER))

    def test_a_full_disk_in_a_folder(self):
        disk = SmallDisk(self)
        (self.there / "folder").mkdir()
        for number in range(8):
            (self.there / f"folder/{number}").write_bytes(TOO_MUCH[: ROOM // 6])
        result = self.download(disk, "folder")
        self.check_failed(result, r"cannot write folder/\d: .*No space left on device")
        self.assertEqual(disk.names(), [])

    def test_there_is_room_for_nothing(self):
        disk = SmallDisk(self)
        disk.fill()
        (self.there / "file").write_bytes(b"content")
        self.check_failed(self.download(disk), "No space left on device")
        self.assertEqual(disk.names(), ["fill"])

    def test_a_read_only_disk(self):
        disk = SmallDisk(self)
        disk.make_read_only()
        self.check_failed(self.download(disk), "temporary folder in .*: Read-only file system")
        self.assertEqual(disk.names(), [])

    def test_files_may_not_be_as_large(self):
        (self.here / "copy").write_bytes(OLDER)
        command = self.command(self.remote("file"), self.here / "copy")
        result = run(command, preexec_fn=small_files())
        self.check_failed(result, "cannot write file: .*File too large")
        self.assertEqual(os.listdir(self.here), ["copy"])
        self.assertEqual((self.here / "copy").read_bytes(), OLDER)

class Uploads(CpTestCase):
    def upload(self, disk):
        (self.here / "file").write_bytes(TOO_MUCH)
        self.server = self.serve(*disk.words, UVSPDY, "serve")
        return self.cp(self.here / "file", f"uvspdy:{disk.folder}/copy")

    def test_a_full_disk(self):
        disk = SmallDisk(self)
        disk.do(f"printf {OLDER.decode()} >copy")
        result = self.upload(disk)
        self.check_failed(result, "exit code 2")
        self.assertIn(b"No space left on device", result.stderr)
        self.assertEqual((disk.names(), disk.do("cat copy")), (["copy"], OLDER))

    def test_a_read_only_disk(self):
        disk = SmallDisk(self)
        disk.make_read_only()
        result = self.upload(disk)
        self.check_failed(result, "exit code 2")
        self.assertIn(b"Read-only file system", result.stderr)
        self.assertEqual(disk.names(), [])

    def test_files_may_not_be_as_large(self):
        (self.here / "file").write_bytes(TOO_MUCH)
        limit = f'ulimit -f {ROOM // 512}; exec "$0" serve'
        self.server = self.serve("sh", "-c", limit, UVSPDY)
        result = self.cp(self.here / "file", self.remote("copy"))
        # The signal is the remote tar's own affair.
        self.check_failed(result, f"exit code {128 + signal.SIGXFSZ}")
        self.assertEqual(os.listdir(self.there), [])

class Outputs(PeerTestCase):
    """Of exec and attach."""

    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")

    def exec_to(self, script, **options):
        words = ["exec", "-s", self.server.target, "uvspdy", "--", "sh", "-c", script]
        return run([UVSPDY, *words], **options)

    def check(self, result, pattern):
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, f"^uvspdy exec: write to standard {pattern}")

    def test_a_full_disk(self):
        remote = self.remote_command("exec yes")
        words = ["exec", "-s", self.server.target, "uvspdy", "--", *remote.words]
        with open("/dev/full", "wb") as full:
            result = run([UVSPDY, *words], stdout=full)
        self.check(result, r"output: no space left on device \(ENOSPC\)")
        remote.wait_for_end()

    def test_a_full_disk_for_standard_error(self):
        """There is no place for a message, but for a result."""
        with open("/dev/full", "wb") as full:
            for script, code in [("echo words >&2", 1), ("exit 3", 3)]:
                with self.subTest(script=script):
                    words = ["exec", "-s", self.server.target, "uvspdy", "--", "sh", "-c", script]
                    client = self.start([UVSPDY, *words], stdin=subprocess.DEVNULL, stderr=full)
                    self.assertEqual(client.wait(DEADLINE), code)

    def test_files_may_not_be_as_large(self):
        """kubectl ends with 0 then, and has said so in its log."""
        with open(self.folder() / "output", "wb") as output:
            result = self.exec_to(
                f"head -c {4 * ROOM} /dev/zero", stdout=output, preexec_fn=small_files()
            )
            self.check(result, r"output: file too large \(EFBIG\)")
            self.assertEqual(output.seek(0, os.SEEK_END), ROOM)

    def test_attach(self):
        server = self.serve_mortal(UVSPDY, "serve", "-i", "--", "cat")
        with open("/dev/full", "wb") as full:
            client = self.start(
                [UVSPDY, "attach", "-i", "-s", server.target, "uvspdy"],
                stdin=subprocess.PIPE,
                stdout=full,
                stderr=subprocess.PIPE,
            )
            _, error = client.communicate(b"words\n", timeout=DEADLINE)
        self.assertEqual(client.returncode, 1)
        self.assert_one_line(error, "^uvspdy attach: write to standard output: no space left")
        # The main process is none of the client's.
        self.assertIsNone(server.process.poll())

    def test_a_command_has_the_usual_signals(self):
        """What this process ignores, its commands do not."""
        result = self.exec_to("grep SigIgn /proc/self/status")
        self.assert_exit(result, 0)
        self.assertEqual(int(result.stdout.split()[1], 16), 0)

class Serve(PeerTestCase):
    def check_refused(self, disk, pattern, before):
        command = [UVSPDY, "serve", "--kubeconfig-out", str(disk.folder / "kubeconfig")]
        result = run([*disk.words, *command])
        self.assert_exit(result, 1)
        self.assertEqual(result.stdout, b"")
        self.assert_one_line(result.stderr, rf"^uvspdy serve: .*/kubeconfig: {pattern}$")
        self.assertEqual(disk.names(), before)

    def test_a_kubeconfig_for_which_there_is_no_room(self):
        disk = SmallDisk(self)
        disk.do(f"printf {OLDER.decode()} >kubeconfig")
        disk.fill()
        self.check_refused(disk, r"no space left on device \(ENOSPC\)", ["fill", "kubeconfig"])
        self.assertEqual(disk.do("cat kubeconfig"), OLDER)

    def test_a_kubeconfig_on_a_read_only_disk(self):
        disk = SmallDisk(self)
        disk.make_read_only()
        self.check_refused(disk, r"read-only file system \(EROFS\)", [])

    def test_a_kubeconfig_larger_than_files_may_be(self):
        folder = self.folder()
        command = [UVSPDY, "serve", "--kubeconfig-out", str(folder / "kubeconfig")]
        result = run(command, preexec_fn=small_files(1024))
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, r"^uvspdy serve: .*file too large \(EFBIG\)$")
        self.assertEqual(os.listdir(folder), [])

    def check_serves(self, process):
        target = process.stdout.readline().decode().split()[-1]
        for _ in range(3):
            words = ["exec", "-s", target, "uvspdy", "--", "echo", "fine"]
            result = run([UVSPDY, *words])
            self.assert_exit(result, 0)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE), 0)

    def serve_to(self, log, **options):
        return self.start(
            [UVSPDY, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, **options
        )

    def test_a_log_that_cannot_be_written_stops_nothing(self):
        with open("/dev/full", "wb") as full:
            self.check_serves(self.serve_to(full))

    def test_a_log_larger_than_files_may_be_stops_nothing(self):
        log = self.folder() / "log"
        with open(log, "wb") as file:
            self.check_serves(self.serve_to(file, preexec_fn=small_files(100)))
        self.assertEqual(log.stat().st_size, 100)

    def test_a_port_forward_whose_lines_cannot_be_written_goes_on(self):
        server = self.serve(UVSPDY, "serve")
        port = server.address[1]
        with open("/dev/full", "wb") as full:
            client = self.start(
                [UVSPDY, "port-forward", "-s", server.target, "uvspdy", f":{port}"],
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=full,
            )
        local = wait_until(lambda: listening_port(client), "the port")
        words = ["exec", "-s", f"http://127.0.0.1:{local}", "uvspdy", "--", "echo", "fine"]
        for _ in range(3):
            self.assert_exit(run([UVSPDY, *words]), 0)
        client.terminate()
        self.assertEqual(client.wait(DEADLINE), 0)

def listening_port(process):
    """The port of 127.0.0.1 on which a process listens, as the kernel has it; else None."""
    sockets = set()
    for entry in os.scandir(f"/proc/{process.pid}/fd"):
        try:
            found = re.match(r"socket:\[(\d+)\]", os.readlink(entry.path))
        except FileNotFoundError:
            continue  # closed meanwhile
        if found:
            sockets.add(found[1])
    for line in open("/proc/net/tcp").readlines()[1:]:
        fields = line.split()
        listens = fields[3] == "0A"
        if listens and fields[9] in sockets:
            return int(fields[1].split(":")[1], 16)
    return None
