"""`uvspdy serve --kubeconfig-out`: what it writes lets kubectl and `uvspdy exec` in at once."""

import re
import shutil
import socket
import stat
import unittest

import certificates
from exec_cases import random_bytes
from kubectls import KUBECTLS
from network_cases import ELSEWHERE, ENVIRONMENT, TOKEN, UVSPDY, CertificatesTestCase
from peers import PeerTestCase, run


class KubeconfigOutTestCase(PeerTestCase):
    def setUp(self):
        super().setUp()
        self.config = self.folder() / "kubeconfig"

    def serve_with_kubeconfig(self, *options):
        return self.serve(
            UVSPDY, "serve", "--kubeconfig-out", str(self.config), *map(str, options)
        )

    def clients(self):
        yield UVSPDY, []
        for kubectl in KUBECTLS:
            yield str(kubectl), ["--cache-dir", str(self.folder())]

    def check_works(self, pod="uvspdy"):
        """With everything of the file alone: bytes both ways, and the exit code."""
        environment = {**ENVIRONMENT, "KUBECONFIG": str(self.config), "HOME": "/nonexistent"}
        data = random_bytes(100_000)
        for client, flags in self.clients():
            with self.subTest(client=client):
                command = [client, "exec", *flags, "-i", pod, "--", "sh", "-c", "cat; exit 3"]
                result = run(command, data, env=environment)
                self.assert_exit(result, 3)
                self.assert_same_bytes(result.stdout, data)

    def field(self, name):
        found = re.search(rf'^ *"?{name}"?: "?([^"\n]*)"?$', self.config.read_text(), re.M)
        return found and found.group(1)

    def check_refused(self, options, pattern, code=1):
        """It does not start, says why, and writes nothing."""
        result = run([UVSPDY, "serve", "--kubeconfig-out", str(self.config), *map(str, options)])
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        self.assert_one_line(result.stderr, f"^uvspdy serve: .*(?:{pattern})")
        self.assertFalse(self.config.exists())


class OwnCertificates(KubeconfigOutTestCase):
    def test_it_works(self):
        server = self.serve_with_kubeconfig()
        self.assertRegex(server.target, "^https://127\\.0\\.0\\.1:")
        self.assertEqual(self.field("server"), server.target)
        self.check_works()

    def test_another_pod_s_name(self):
        self.serve_with_kubeconfig("--pod", "box")
        self.assertEqual(self.field("current-context"), "box")
        self.check_works("box")

    def test_localhost(self):
        self.serve_with_kubeconfig("--listen", "localhost:0")
        self.check_works()

    def test_ipv6(self):
        self.need_ipv6_loopback()
        self.serve_with_kubeconfig("--listen", "[::1]:0")
        self.check_works()

    def test_all_addresses(self):
        self.serve_with_kubeconfig("--listen", "0.0.0.0:0")
        self.assertRegex(self.field("server"), "^https://127\\.0\\.0\\.1:")
        self.check_works()

    def test_nobody_else_is_let_in(self):
        server = self.serve_with_kubeconfig()
        result = run(
            [UVSPDY, "exec", "-s", server.target, "--insecure-skip-tls-verify", "uvspdy", "--", "id"]
        )
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "401.*Unauthorized")

    def test_each_start_has_certificates_of_its_own(self):
        self.serve_with_kubeconfig()
        first, self.config = self.config, self.config.with_name("another")
        self.serve_with_kubeconfig()
        server = self.field("server")
        result = run(
            [UVSPDY, "exec", "--kubeconfig", str(first), "-s", server, "uvspdy", "--", "id"]
        )
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "certificate")

    def test_the_file_is_for_its_owner_alone_and_replaces_what_was_there(self):
        self.config.write_text("something else")
        self.config.chmod(0o644)
        self.serve_with_kubeconfig()
        self.assertEqual(stat.S_IMODE(self.config.stat().st_mode), 0o600)
        self.assertEqual([file.name for file in self.config.parent.iterdir()], [self.config.name])
        self.check_works()

    def test_with_a_command(self):
        self.config.write_text("another server's")
        self.serve_with_kubeconfig("--", "sleep", "1000")
        self.assertEqual([file.name for file in self.config.parent.iterdir()], [self.config.name])
        self.check_works()

    def test_a_link_stays_one(self):
        target = self.folder() / "elsewhere"
        target.touch()
        self.config.symlink_to(target)
        self.serve_with_kubeconfig()
        self.assertTrue(self.config.is_symlink())
        self.assertIn("certificate-authority-data", target.read_text())

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not on the PATH")
    def test_openssl_is_content_with_the_certificates(self):
        server = self.serve_with_kubeconfig()
        host, port = server.address
        files = {}
        for name in ["certificate-authority", "client-certificate", "client-key"]:
            files[name] = self.config.with_name(name)
            decoded = run(["base64", "-d"], self.field(f"{name}-data").encode())
            files[name].write_bytes(decoded.stdout)
        for name in ["-verify_ip=127.0.0.1", "-verify_ip=::1", "-verify_hostname=localhost"]:
            with self.subTest(name=name):
                result = run(
                    [
                        *("openssl", "s_client", "-connect", f"{host}:{port}", "-x509_strict"),
                        *("-verify_return_error", *name.split("="), "-ign_eof"),
                        *("-CAfile", str(files["certificate-authority"])),
                        *("-cert", str(files["client-certificate"])),
                        *("-key", str(files["client-key"])),
                    ],
                    b"GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                )
                self.assert_exit(result, 0)
                self.assertIn(b"Verify return code: 0 (ok)", result.stdout)
                self.assertIn(b"HTTP/1.1 200 OK", result.stdout)


class GivenCertificates(KubeconfigOutTestCase, CertificatesTestCase):
    def test_the_first_token_and_the_certificate_itself(self):
        self.serve_with_kubeconfig(*self.certificates.guarded(self.certificates.server))
        self.assertEqual(self.field("token"), TOKEN)
        self.check_works()

    def test_with_the_ca_behind_the_certificate(self):
        pair = self.certificates.server
        chain = certificates.KeyPair(self.folder(), "chain")
        chain.certificate.write_bytes(
            pair.certificate.read_bytes() + self.certificates.ca.certificate.read_bytes()
        )
        shutil.copy(pair.key, chain.key)
        self.serve_with_kubeconfig(*self.certificates.guarded(chain))
        self.check_works()

    def test_a_certificate_for_another_name(self):
        self.serve_with_kubeconfig(*self.certificates.guarded(self.certificates.elsewhere))
        self.assertEqual(self.field("tls-server-name"), ELSEWHERE)
        self.check_works()

    def test_tokens_that_look_like_something_else(self):
        for token in ["0123", "1e3", "true", "~", "a: b", 'quo"te', "#x"]:
            with self.subTest(token=token):
                tokens = self.folder() / "tokens.csv"
                field = '"' + token.replace('"', '""') + '"'
                tokens.write_text(f"{field},joe,1\n")
                options = self.certificates.options(self.certificates.server)
                self.serve_with_kubeconfig(*options, "--token-auth-file", tokens)
                environment = {**ENVIRONMENT, "KUBECONFIG": str(self.config)}
                result = run([UVSPDY, "exec", "uvspdy", "--", "true"], env=environment)
                self.assert_exit(result, 0)

    def test_client_certificates_of_somebody_else_s(self):
        options = self.certificates.options(self.certificates.server)
        ca = self.certificates.ca.certificate
        self.check_refused([*options, "--client-ca-file", ca], "add --token-auth-file", 2)

    def test_a_certificate_that_nobody_can_verify(self):
        expired = self.certificates.ca.server(dates=certificates.EXPIRED)
        self.check_refused(self.certificates.guarded(expired), "certificate has expired")

    def test_authentication_without_tls(self):
        tokens = self.certificates.token_auth_file
        self.check_refused(["--token-auth-file", tokens], "need TLS", 2)


class Refused(KubeconfigOutTestCase):
    def test_a_local_socket(self):
        socket_file = self.folder() / "socket"
        self.check_refused(["--listen", f"unix://{socket_file}"], "local socket", 2)
        self.assertFalse(socket_file.exists())

    def test_a_folder_that_is_not_there(self):
        self.config = self.config.parent / "none" / "kubeconfig"
        self.check_refused([], "no such file or directory")

    def test_no_command_is_started_when_it_cannot_be_written(self):
        self.config = self.config.parent / "none" / "kubeconfig"
        started = self.folder() / "started"
        for script in (f"touch '{started}'; exec sleep 1000", f"touch '{started}'; exit 3"):
            self.check_refused(["--", "sh", "-c", script], "no such file or directory")
            self.assertFalse(started.exists())

    def test_a_command_that_cannot_be_started_leaves_all_as_it_was(self):
        for before in (None, b"another server's"):
            for flags in ([], ["-it"]):
                with self.subTest(before=before, flags=flags):
                    if before:
                        self.config.write_bytes(before)
                    options = ["--kubeconfig-out", self.config, *flags]
                    result = run([UVSPDY, "serve", *options, "--", "/not/there"])
                    self.assert_exit(result, 1)
                    self.assertEqual(result.stdout, b"")
                    self.assert_one_line(result.stderr, "^uvspdy serve: .*/not/there")
                    left = {file.name: file.read_bytes() for file in self.config.parent.iterdir()}
                    self.assertEqual(left, {self.config.name: before} if before else {})

    def test_what_is_no_file(self):
        result = run([UVSPDY, "serve", "--kubeconfig-out", "/dev/null"])
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "/dev/null .*no regular file")

    def test_a_port_in_use_leaves_the_file_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.check_refused(["--listen", f"127.0.0.1:{port}"], "address already in use")


if not KUBECTLS:

    class NoKubectl(unittest.TestCase):
        def test_kubectl(self):
            self.skipTest("kubectl is not on the PATH")
