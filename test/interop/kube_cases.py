"""What every client must get out of every server: exec, attach, cp and port-forward.

A test case is a client and a server (kube_clients, kube_servers) and one version of remotecommand;
it is a row of the table in docs/kubernetes.md, and each test here a column.
"""

import concurrent.futures
import hashlib
import socket
import subprocess
import unittest

import local_servers
import matrix
from exec_cases import digest, random_bytes
from kube_clients import ClientGo, Kubectl, Uvspdy, go_release, kubectl_version
from kube_servers import V1, V2, V3, V4
from local_terminal import LocalTerminal
from matrix import cell
from peers import DEADLINE, run, wait_until

PROMPT = "ready> "
# A shell that says when it waits for the next line, without words of its own about the host.
SHELL = ["env", f"PS1={PROMPT}", "sh", "-i"]
# The main process of an attach: it answers lines, says at times that it lives, and ends with 9.
ANSWER = (
    'while :; do echo tick; sleep 0.05; done & trap "kill $!" EXIT; '
    'while read line; do echo "got $line"; echo "noted $line" >&2; '
    '[ "$line" != quit ] || exit 9; done'
)
DOWNLOADS = 50

NO_CODE = "a failure is reported as text, without an exit code"
NO_RESIZE = "the terminal's size is not reported"
NO_END = "the end of stdin and the command's result are not reported"
# What the versions of remotecommand lack, for any client and any server.
LACKS = {
    V3: {"exec": NO_CODE, "exec -i": NO_CODE, "exec -it": NO_CODE},
    V2: {"exec": NO_CODE, "exec -i": NO_CODE, "exec -it": f"{NO_CODE}; {NO_RESIZE}",
         "attach -it": NO_RESIZE},
    V1: {"exec": "the command's result is not reported", "exec -i": NO_END,
         "exec -it": f"the command's result is not reported; {NO_RESIZE}",
         "attach -it": NO_RESIZE},
}  # fmt: skip


class KubeCases:
    """A mixin. A test case adds start_server, the two names, and what is below."""

    client_name = None
    protocol = V4
    skipped = unittest.SkipTest
    # Operations that the client does not have, and why.
    not_possible = {}

    def make_client(self, access):
        raise NotImplementedError

    def chosen_protocol(self, client):
        """Asks for an exec and says what the server has chosen."""
        return client.protocol()

    # ---- the row

    @classmethod
    def row(cls):
        return matrix.Row(cls.client_name, cls.server_name, cls.protocol)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for operation, why in cls.not_possible.items():
            cls.row().write(operation, matrix.NOT_POSSIBLE, why)
            matrix.compare(cls.row(), operation, matrix.NOT_POSSIBLE, why)

    @classmethod
    def notes(cls):
        return LACKS.get(cls.protocol, {})

    @property
    def tells_code(self):
        return self.protocol == V4

    @property
    def resizes(self):
        return self.protocol in (V4, V3)

    def code(self, code):
        """What the client ends with when the command has ended with this."""
        if code == 0 or self.tells_code:
            return code
        # v1 has no way to tell.
        return 0 if self.protocol == V1 else 1

    def attached_code(self, code):
        """What it ends with when that which it was attached to has ended with this."""
        return self.code(code) if self.tells_attached else 0

    # ---- clients that are started

    def begin(self, *main, tty=False):
        access = self.start_server(*main, tty=tty)
        self.client = self.make_client(access)

    def run_client(self, command, data=None):
        return run(command, data, env=self.client.environment)

    def start_client(self, command, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return self.start(command, env=self.client.environment, **options)

    def terminal(self, command):
        """The terminal that it has, and itself."""
        terminal = LocalTerminal(self, 100, 40)
        return terminal, terminal.start(command, env=self.client.environment)

    # ---- exec

    @cell("exec")
    def test_exec(self):
        self.begin()
        self.assertEqual(self.chosen_protocol(self.client), self.protocol)
        for code in 0, 3, 255:
            script = f"echo to stdout; echo to stderr >&2; exit {code}"
            result = self.run_client(self.client.exec("sh", "-c", script))
            self.assert_exit(result, self.code(code))
            self.assertEqual(result.stdout, b"to stdout\n")
            # Clients add how it has ended.
            self.assertEqual(result.stderr.splitlines()[0], b"to stderr")
        result = self.run_client(self.client.exec("seq", "1", "1000000"))
        self.assert_exit(result, 0)
        expected = "".join(f"{number}\n" for number in range(1, 1_000_001)).encode()
        self.assertEqual(digest(result.stdout), digest(expected))

    @cell("exec -i")
    def test_exec_stdin(self):
        self.begin()
        data = random_bytes(4 << 20)
        # In v1 nobody hears of the end of stdin; what reads so much ends by itself.
        read = "cat" if self.protocol != V1 else f"head -c {len(data)}"
        result = self.run_client(self.client.exec("sh", "-c", f"{read}; exit 3", stdin=True), data)
        self.assert_exit(result, self.code(3))
        self.assertEqual(digest(result.stdout), digest(data))

    def size(self, terminal):
        terminal.type(b"echo size $(stty size)\n")
        return terminal.expect(rb"size (\d+ \d+)\r\n")[1]

    def check_size(self, terminal, size):
        """Sizes take their time, and no event tells that one is there."""
        wait_until(lambda: self.size(terminal) == size, f"{size} on {terminal.shown[-200:]!r}")

    def check_sizes(self, terminal):
        if not self.resizes:
            return
        self.check_size(terminal, b"40 100")
        terminal.resize(132, 50)
        self.check_size(terminal, b"50 132")

    def check_first_size(self, terminal):
        """Others may tell it when the command runs already."""

    def check_shell(self, terminal, process, code):
        """Of a shell that waits for a line: sizes, Ctrl-C, and its end."""
        self.check_sizes(terminal)
        # What says so is the job itself: it is in the foreground then.
        terminal.type(b"sh -c \"echo star''ted; exec sleep 1000\"\n")
        terminal.expect(b"started\r\n")
        terminal.type(b"\x03")
        terminal.expect(PROMPT.encode())
        terminal.type(b"echo code $?\n")
        terminal.expect(b"code 130\r\n")
        terminal.type(b"exit 7\n")
        self.assertEqual(process.wait(DEADLINE), code, terminal.shown[-1000:])
        self.assertEqual(terminal.mode(), terminal.before)

    @cell("exec -it")
    def test_exec_terminal(self):
        self.begin()
        terminal, process = self.terminal(self.client.exec(*SHELL, stdin=True, tty=True))
        terminal.expect(PROMPT.encode())
        self.check_first_size(terminal)
        self.check_shell(terminal, process, self.code(7))

    # ---- attach

    @cell("attach")
    def test_attach(self):
        self.begin("sh", "-c", ANSWER)
        watcher = self.start_client(self.client.attach())
        writer = self.start_client(self.client.attach(stdin=True), stdin=subprocess.PIPE)
        for attached in watcher, writer:
            self.assertIn(b"tick\n", iter(attached.stdout.readline, b""))
        writer.stdin.write(b"one\n")
        writer.stdin.flush()
        for attached in watcher, writer:
            self.assertIn(b"got one\n", iter(attached.stdout.readline, b""))
        writer.stdin.write(b"quit\n")
        writer.stdin.flush()
        code = self.attached_code(9)
        for attached in watcher, writer:
            output, errors = attached.communicate(timeout=DEADLINE)
            self.assertEqual(attached.returncode, code, errors)
            self.assertIn(b"got quit\n", output)
            self.assertIn(b"noted one\nnoted quit\n", errors)
        self.check_main_ended(9)

    @cell("attach -it")
    def test_attach_terminal(self):
        self.begin(*SHELL, tty=True)
        terminal, process = self.terminal(self.client.attach(stdin=True, tty=True))
        # The first prompt was there before us.
        terminal.type(b"echo he''re\n")
        terminal.expect(b"\nhere\r\n")
        self.check_shell(terminal, process, self.attached_code(7))
        self.check_main_ended(7)

    # ---- cp

    def make_tree(self):
        """A folder with files, and what is in them."""
        folder = self.folder() / "tree"
        (folder / "below" / "deeper").mkdir(parents=True)
        sizes = {"empty": 0, "one": 1, "below/many": 3 << 20, "below/deeper/a name": 70_000}
        for name, size in sizes.items():
            (folder / name).write_bytes(random_bytes(size))
        return folder

    def check_tree(self, there, original):
        def content(folder):
            files = (path for path in folder.rglob("*") if path.is_file())
            return {str(path.relative_to(folder)): digest(path.read_bytes()) for path in files}

        self.assertEqual(content(there), content(original))

    @cell("cp")
    def test_copy(self):
        self.begin()
        original, folder = self.make_tree(), self.folder()
        for source, target in [
            (original, f"uvspdy:{folder}/there"),
            (f"uvspdy:{folder}/there", folder / "back"),
            (original / "below/many", f"uvspdy:{folder}/many"),
            (f"uvspdy:{folder}/many", folder / "many back"),
        ]:
            self.assert_exit(self.run_client(self.client.copy(source, target)), 0)
        self.check_tree(folder / "there", original)
        self.check_tree(folder / "back", original)
        many = digest((original / "below/many").read_bytes())
        for name in "many", "many back":
            self.assertEqual(digest((folder / name).read_bytes()), many)

    # ---- port-forward

    def forward(self, port):
        return local_servers.forward(self, self.client, port)[1]

    @cell("port-forward")
    def test_port_forward(self):
        self.begin()
        port = self.forward(local_servers.serve_downloads(self))

        def download(size):
            return digest(local_servers.download(port, size))

        sizes = [100_000 + 10_000 * number for number in range(DOWNLOADS)]
        with concurrent.futures.ThreadPoolExecutor(DOWNLOADS) as pool:
            for size, content in zip(sizes, pool.map(download, sizes)):
                self.assertEqual(content, digest(random_bytes(size)))
        self.check_half_close(self.forward(local_servers.serve_digests(self)))

    def check_half_close(self, port):
        """The answer comes behind the end of what was sent."""
        data = random_bytes(1 << 20)
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                self.assertEqual(answer.read().decode(), hashlib.sha256(data).hexdigest())


# ---- the clients


class UvspdyCases(KubeCases):
    client_name = "uvspdy"

    def make_client(self, access):
        return Uvspdy(self.folder(), access)

    def check_first_size(self, terminal):
        """The command never sees another."""
        if self.resizes:
            self.assertEqual(self.size(terminal), b"40 100")

    def chosen_protocol(self, client):
        self.run_client(client.exec("true"))
        return self.protocol_of_exec()


class ClientGoCases(KubeCases):
    client_name = f"client-go {go_release('k8s.io/client-go')}"
    not_possible = {"cp": "client-go has no cp"}
    test_copy = None

    def make_client(self, access):
        return ClientGo(self.folder(), access, self.peer, self.protocol)


class KubectlCases(KubeCases):
    kubectl = None

    def setUp(self):
        super().setUp()
        if not self.kubectl:
            self.skipTest("kubectl is not on the PATH")

    @classmethod
    def row(cls):
        return matrix.Row(f"kubectl {kubectl_version(cls.kubectl)}", cls.server_name, cls.protocol)

    def make_client(self, access):
        return Kubectl(self.folder(), access, self.kubectl)
