"""`uvspdy exec` in a pod: the service account's token, CA and namespace, and the flags beside them.

The service account's folder is a fixed one, so each client runs in a mount namespace of its own.
"""

import os
import shutil
import socket
import ssl
import threading

import spdy
from network_cases import ENVIRONMENT, TOKEN, UVSPDY, CertificatesTestCase
from peers import DEADLINE, run

# In place of /run, where nobody else sees it: the files of the folder $0, then the command.
POD = """
set -e
run=$(readlink -f /var/run)
mount -t tmpfs none "$run"
mkdir -p "$run/secrets/kubernetes.io/serviceaccount"
cp "$0"/* /var/run/secrets/kubernetes.io/serviceaccount
exec "$@"
"""
UNSHARE = ["unshare", "--map-root-user", "--mount"]


class RequestHead:
    """A server with TLS that answers 403, and keeps the head of the request to upgrade."""

    def __init__(self, test, pair):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair.certificate, pair.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        test.addCleanup(self._listener.close)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lines = None
        self._thread.start()

    def _run(self):
        while self._lines is None:
            plain, _ = self._listener.accept()
            with self._context.wrap_socket(plain, server_side=True) as client:
                client.settimeout(DEADLINE)
                lines = spdy.receive_head(client).split("\r\n")
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            # Before that comes the question for the pod.
            if not lines[0].startswith("GET "):
                self._lines = lines

    def lines(self):
        self._thread.join(DEADLINE)
        return self._lines


class InCluster(CertificatesTestCase):
    def setUp(self):
        super().setUp()
        unshare = shutil.which("unshare")
        if not unshare or run([*UNSHARE, "true"]).returncode != 0:
            self.skipTest("unshare cannot make a mount namespace here")
        self.account = self.folder()
        (self.account / "token").write_text(TOKEN + "\n")
        (self.account / "namespace").write_text("shop\n")
        shutil.copy(self.certificates.ca.certificate, self.account / "ca.crt")

    def exec_in_pod(self, port, *words, host="127.0.0.1"):
        service = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": str(port)}
        command = [*UNSHARE, "sh", "-c", POD, self.account, UVSPDY, "exec", *words]
        environment = {**ENVIRONMENT, "PATH": os.environ["PATH"], **service}
        return run([*map(str, command)], env=environment)

    def request(self, *flags, pair=None):
        """The head of the request that it sends with these flags."""
        server = RequestHead(self, pair or self.certificates.server)
        result = self.exec_in_pod(server.port, *flags, "uvspdy", "--", "true")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "403")
        return server.lines()

    def test_exec(self):
        server = self.serve_uvspdy(*self.certificates.guarded(self.certificates.server))
        words = ["uvspdy", "--", "sh", "-c", "echo done; exit 3"]
        result = self.exec_in_pod(server.address[1], *words)
        self.assert_exit(result, 3)
        self.assertEqual(result.stdout, b"done\n")

    def test_token_and_namespace(self):
        lines = self.request()
        self.assertIn("/api/v1/namespaces/shop/pods/uvspdy/exec?", lines[0])
        self.assertIn(f"Authorization: Bearer {TOKEN}", lines)

    def test_flags_that_go_together_with_it(self):
        lines = self.request("--namespace", "other", "--token", "mine")
        self.assertIn("/api/v1/namespaces/other/pods/", lines[0])
        self.assertIn("Authorization: Bearer mine", lines)
        # The CA of the account is of no use then.
        (self.account / "ca.crt").write_text("none")
        self.request("--certificate-authority", self.certificates.ca.certificate)

    def test_flags_that_do_not(self):
        for flag, value in [
            ("--user", ["me"]),
            ("--username", ["jane"]),
            ("--password", ["secret"]),
            ("--client-certificate", ["file"]),
            ("--client-key", ["file"]),
            ("--tls-server-name", ["name"]),
            ("--insecure-skip-tls-verify", []),
            ("--proxy-url", ["http://127.0.0.1:1"]),
        ]:
            with self.subTest(flag=flag):
                result = self.exec_in_pod(1, flag, *value, "uvspdy", "--", "true")
                self.assert_exit(result, 1)
                pattern = f"{flag} cannot be used with the pod's service account.*--server"
                self.assert_one_line(result.stderr, pattern)

    def test_a_server_or_a_context_is_another_matter(self):
        server = self.serve_uvspdy(*self.certificates.guarded(self.certificates.server))
        ca = self.certificates.ca.certificate
        flags = ["-s", server.target, "--certificate-authority", ca, "--token", TOKEN]
        self.assert_exit(self.exec_in_pod(1, *flags, "uvspdy", "--", "true"), 0)
        result = self.exec_in_pod(1, "--context", "mine", "uvspdy", "--", "true")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "no context 'mine'")
