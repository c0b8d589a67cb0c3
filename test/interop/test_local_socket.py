"""`uvspdy serve` on a local (Unix) socket."""

import shutil
import signal
import socket
import stat

from network_cases import ENVIRONMENT, UVSPDY, CertificatesTestCase
from peers import run


class LocalSocket(CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.path = self.folder() / "uvspdy.sock"
        self.url = f"unix://{self.path}"

    def check_exec(self, *options):
        options = [*options, "-i", "uvspdy", "--", "sh", "-c", "cat; exit 3"]
        result = self.exec_uvspdy(*options, data=b"some bytes")
        self.assert_exit(result, 3)
        self.assertEqual(result.stdout, b"some bytes")

    def test_exec(self):
        server = self.serve_uvspdy("--listen", self.url)
        self.assertEqual(server.target, self.url)
        self.check_exec("--server", self.url)

    def test_exec_by_kubeconfig(self):
        self.serve_uvspdy("--listen", self.url)
        # No proxy is asked to reach it.
        config = self.kubeconfig(self.url)
        environment = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
        result = self.exec_uvspdy(
            "--kubeconfig", config, "uvspdy", "--", "echo", "done", env=environment
        )
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"done\n")

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not on the PATH")
        self.serve_uvspdy("--listen", self.url)
        result = run(
            ["curl", "--disable", "-sS", "--max-time", "20", "--unix-socket", str(self.path)]
            + ["http://localhost/api"]
        )
        self.assert_exit(result, 0)
        self.assertIn(b"APIVersions", result.stdout)

    def test_the_file_is_for_its_user_and_goes_with_the_server(self):
        server = self.serve_mortal(UVSPDY, "serve", "--listen", self.url)
        mode = self.path.stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(server.end(), 0)
        self.assertFalse(self.path.exists())

    def test_a_file_that_a_crash_has_left_is_no_hindrance(self):
        self.serve_mortal(UVSPDY, "serve", "--listen", self.url).end(signal.SIGKILL)
        self.assertTrue(self.path.exists())
        self.serve_uvspdy("--listen", self.url)
        self.check_exec("--server", self.url)

    def check_refusal(self, pattern):
        result = run([UVSPDY, "serve", "--listen", self.url], env=ENVIRONMENT)
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, pattern)

    def test_a_socket_in_use_is_left_alone(self):
        self.serve_uvspdy("--listen", self.url)
        self.check_refusal("address already in use")
        self.check_exec("--server", self.url)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        self.path.write_text("precious")
        self.check_refusal(f"{self.path}.* socket")
        self.assertEqual(self.path.read_text(), "precious")

    def test_nobody_there(self):
        result = self.exec_uvspdy("-s", self.url, "uvspdy", "--", "true")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, f"{self.path}.*no such file")
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(str(self.path))
        result = self.exec_uvspdy("-s", self.url, "uvspdy", "--", "true")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, f"{self.path}.*connection refused")
