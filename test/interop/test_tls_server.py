"""`uvspdy serve` with TLS, and clients that nobody here wrote: `openssl s_client` and curl."""

import shutil
import subprocess

from certificates import Authority, KeyPair
from network_cases import ENVIRONMENT, TOKEN, UVSPDY, CertificatesTestCase
from peers import DEADLINE, run, wait_until

VERSIONS = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}
# Answered with 200 to whoever is let in.
REQUEST = b"GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class TlsServerTestCase(CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve_uvspdy(*self.certificates.guarded(self.certificates.server))

    def s_client(self, *options, data=REQUEST):
        """What s_client says about the connection and gets through it."""
        host, port = self.server.address
        command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-ign_eof"]
        return run([*command, *map(str, options)], data)

    @property
    def trust(self):
        ca = self.certificates.ca.certificate
        return ["-CAfile", ca, "-verify_return_error", "-verify_ip", "127.0.0.1"]

    @property
    def certificate(self):
        pair = self.certificates.client
        return ["-cert", pair.certificate, "-key", pair.key]


class SClient(TlsServerTestCase):
    def test_each_version(self):
        for option, version in VERSIONS.items():
            with self.subTest(version=version):
                result = self.s_client(option, *self.trust, *self.certificate)
                self.assert_exit(result, 0)
                text = result.stdout.decode()
                self.assertRegex(text, f"(?m)^ *(?:Protocol *: |New, ){version}")
                self.assertIn("Verify return code: 0 (ok)", text)
                self.assertIn("HTTP/1.1 200 OK", text)
                self.assertIn("APIVersions", text)
                # Ours comes in order, so that nothing was cut off.
                self.assertNotIn("unexpected eof", result.stderr.decode())

    def test_older_versions_are_refused(self):
        # SECLEVEL=0, or s_client itself would refuse.
        result = self.s_client("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", *self.trust)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("alert protocol version", result.stderr.decode())

    def test_no_certificate_is_401(self):
        result = self.s_client(*self.trust)
        self.assert_exit(result, 0)
        self.assertIn("HTTP/1.1 401 Unauthorized", result.stdout.decode())

    def test_a_certificate_of_another_ca_is_refused(self):
        pair = Authority(self.folder(), "another CA").client()
        result = self.s_client("-tls1_2", *self.trust, "-cert", pair.certificate, "-key", pair.key)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("alert unknown ca", result.stderr.decode())
        self.server.wait_for_log("127\\.0\\.0\\.1:\\d+: .*certificate")

    def test_sessions_are_resumed(self):
        for option, version in VERSIONS.items():
            with self.subTest(version=version):
                session = self.folder() / "session"
                first = self.s_client(option, *self.trust, *self.certificate, "-sess_out", session)
                self.assertIn(f"New, {version}", first.stdout.decode())
                again = self.s_client(option, *self.trust, *self.certificate, "-sess_in", session)
                self.assert_exit(again, 0)
                text = again.stdout.decode()
                self.assertIn(f"Reused, {version}", text)
                # The client is known from the session.
                self.assertIn("HTTP/1.1 200 OK", text)

    def test_reconnecting(self):
        result = self.s_client("-tls1_2", *self.trust, *self.certificate, "-reconnect")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout.count(b"Reused, TLSv1.2"), 5)

    def test_a_session_lets_nobody_in_who_was_not(self):
        session = self.folder() / "session"
        for option in VERSIONS:
            with self.subTest(option=option):
                self.s_client(option, *self.trust, "-sess_out", session)
                again = self.s_client(option, *self.trust, "-sess_in", session)
                self.assertIn("HTTP/1.1 401 Unauthorized", again.stdout.decode())

    def test_renegotiation_is_refused(self):
        host, port = self.server.address
        client = self.start(
            ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        # A line with R alone asks for it.
        output, _ = client.communicate(b"R\n", timeout=DEADLINE)
        self.assertRegex(output.decode(), "RENEGOTIATING(?s:.*)no renegotiation")


class Curl(TlsServerTestCase):
    def setUp(self):
        super().setUp()
        if not shutil.which("curl"):
            self.skipTest("curl is not on the PATH")

    def curl(self, *options):
        ca = self.certificates.ca.certificate
        # --disable: no ~/.curlrc; and no proxy of the environment.
        flags = ["--disable", "--noproxy", "*", "-sS", "--cacert", ca, "--max-time", "20"]
        return run(["curl", *map(str, [*flags, *options]), self.server.target + "/api"])

    def test_token(self):
        result = self.curl("-H", f"Authorization: Bearer {TOKEN}")
        self.assert_exit(result, 0)
        self.assertIn(b"APIVersions", result.stdout)

    def test_certificate(self):
        pair = self.certificates.client
        result = self.curl("--cert", pair.certificate, "--key", pair.key)
        self.assert_exit(result, 0)
        self.assertIn(b"APIVersions", result.stdout)

    def test_nobody_is_told_what_is_missing(self):
        for options in [], ["-H", "Authorization: Bearer of-another"]:
            with self.subTest(options=options):
                result = self.curl("-w", "%{http_code}", *options)
                self.assert_exit(result, 0)
                self.assertRegex(result.stdout.decode(), '"message": *"Unauthorized: .+401$')

    def test_plain_http_is_told_to_use_https(self):
        host, port = self.server.address
        url = f"http://{host}:{port}/api"
        result = run(["curl", "--disable", "--noproxy", "*", "-sS", "-i", "--max-time", "20", url])
        self.assert_exit(result, 0)
        self.assertRegex(result.stdout.decode(), r"\AHTTP/1\.1 400 (?s:.*)use https://")


class Reload(CertificatesTestCase):
    """Certificates that change under a server that runs."""

    def setUp(self):
        super().setUp()
        self.files = KeyPair(self.folder(), "server")
        self.install(self.certificates.server)
        self.server = self.serve_uvspdy(*self.certificates.guarded(self.files))

    def install(self, pair):
        # Each file in one step, as those do who renew certificates.
        for source, target in [
            (pair.key, self.files.key),
            (pair.certificate, self.files.certificate),
        ]:
            new = target.with_suffix(".new")
            shutil.copyfile(source, new)
            new.replace(target)

    def serial(self):
        """Of the certificate that a new connection is shown."""
        host, port = self.server.address
        shown = run(["openssl", "s_client", "-connect", f"{host}:{port}"])
        text = run(["openssl", "x509", "-noout", "-serial"], shown.stdout)
        self.assert_exit(text, 0)
        return text.stdout.decode().strip()

    def start_cat(self):
        """A command that runs on, and proves that it does."""
        config = self.kubeconfig(self.server.target, self.trusted, self.jane)
        client = self.start(
            [UVSPDY, "exec", "--kubeconfig", str(config), "-i", "uvspdy", "--", "cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )  # fmt: skip
        self.check_echo(client, b"before\n")
        return client

    def check_echo(self, client, line):
        client.stdin.write(line)
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), line)

    def test_new_connections_see_the_new_one_and_old_ones_go_on(self):
        self.assertEqual(self.serial(), self.certificates.server.serial())
        client = self.start_cat()
        renewed = self.certificates.ca.server()
        self.install(renewed)
        wait_until(lambda: self.serial() == renewed.serial(), "the new certificate")
        self.check_echo(client, b"after\n")
        output, errors = client.communicate(timeout=DEADLINE)
        self.assertEqual((client.returncode, output, errors), (0, b"", b""))

    def test_what_cannot_be_used_is_told_and_changes_nothing(self):
        self.files.certificate.write_text("half a certifi")
        self.server.wait_for_log(f"cannot be used, .*{self.files.certificate}.*CERTIFICATE")
        self.assertEqual(self.serial(), self.certificates.server.serial())
        renewed = self.certificates.ca.server()
        self.install(renewed)
        self.server.wait_for_log("new connections use them")
        self.assertEqual(self.serial(), renewed.serial())


class Policy(CertificatesTestCase):
    """Who may be listened for."""

    def check_refusal(self, pattern, *options, code=1):
        result = run([UVSPDY, "serve", *map(str, options)], env=ENVIRONMENT)
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        self.assert_one_line(result.stderr, pattern)

    def test_others_need_both_tls_and_authentication(self):
        pki = self.certificates
        for options in [], pki.options(pki.server):
            with self.subTest(options=options):
                self.check_refusal(
                    "refusing to listen on .*--tls-cert-file.*--client-ca-file.*--token-auth-file",
                    *("--listen", "0.0.0.0:0", *options),
                    code=2,
                )

    def test_with_both_the_address_is_no_matter(self):
        # Nobody has this address, which is of a block for documentation: it comes to the listening.
        self.check_refusal(
            r"listen on 192\.0\.2\.1:0: address not available",
            *("--listen", "192.0.2.1:0", *self.certificates.guarded(self.certificates.server)),
        )

    def test_authentication_needs_tls(self):
        for option, file in [
            ("--client-ca-file", self.certificates.ca.certificate),
            ("--token-auth-file", self.certificates.token_auth_file),
        ]:
            with self.subTest(option=option):
                self.check_refusal("need TLS: give --tls-cert-file", option, file, code=2)

    def test_a_certificate_needs_its_key(self):
        self.check_refusal("go together", "--tls-cert-file", "/nowhere", code=2)

    def test_files_that_cannot_be_used(self):
        pki, folder = self.certificates, self.folder()
        (folder / "empty").touch()
        (folder / "tokens").write_text("a-token-alone\n")
        for pattern, options in [
            ("'/nowhere'.*[Nn]o such file", self.tls("/nowhere", pki.server.key)),
            ("is a directory", self.tls(pki.server.certificate, folder)),
            ("CERTIFICATE.* is expected", self.tls(folder / "empty", pki.server.key)),
            ("CERTIFICATE.* is expected", self.tls(pki.server.key, pki.server.key)),
            ("PRIVATE KEY.* is expected", self.tls(pki.server.certificate, folder / "empty")),
            ("does not belong to", self.tls(pki.server.certificate, pki.client.key)),
            (
                "/nowhere",
                [*pki.options(pki.server), "--client-ca-file", "/nowhere"],
            ),
            (
                "tokens.*line 1|tokens:1",
                [*pki.options(pki.server), "--token-auth-file", folder / "tokens"],
            ),
        ]:
            with self.subTest(pattern=pattern, options=options):
                self.check_refusal(pattern, *options)

    @staticmethod
    def tls(certificate, key):
        return ["--tls-cert-file", certificate, "--tls-private-key-file", key]
