"""TLS with OpenSSL's own client and server."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import unittest

from peers import DEADLINE, PeerTestCase, program, run, wait_until

TLS_PEER = program("UVSPDY_TLS_PEER")
OPENSSL = shutil.which("openssl")
VERSIONS = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}


@unittest.skipUnless(OPENSSL, "there is no openssl command")
class TlsTestCase(PeerTestCase):
    def setUp(self):
        self.files = self.folder()
        self.make("ca", "/CN=interop CA")
        self.make("other", "/CN=other CA")
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        self.make("server", "/CN=server", "-addext", names, *self.signed_by("ca"))
        self.make("client", "/O=dev/CN=jane", *self.signed_by("ca"))

    def make(self, name, subject, *options):
        result = run(
            [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-days", "2", "-subj", subject, *options]
            + ["-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt")]
        )
        self.assert_exit(result, 0)

    def signed_by(self, name):
        return ["-CA", self.path(f"{name}.crt"), "-CAkey", self.path(f"{name}.key")]

    def path(self, name):
        return str(self.files / name)

    def pair(self, name, dash="--"):
        return [f"{dash}cert", self.path(f"{name}.crt"), f"{dash}key", self.path(f"{name}.key")]


class Client(TlsTestCase):
    """Our client, and s_server, which sends back each line the wrong way round."""

    def s_server(self, *options):
        log = self.files / "s_server.log"
        with open(log, "wb") as out:
            self.start(
                [OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-rev", *options]
                + self.pair("server", "-"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        accept = re.compile(r"^ACCEPT (\S+)$", re.M)
        return wait_until(lambda: accept.search(log.read_text()), "s_server").group(1)

    def connect(self, target, *options, ca="ca", **how):
        command = [TLS_PEER, "connect", target, "--ca", self.path(f"{ca}.crt"), *options]
        return run(command, data=b"hello\n", **how)

    def test_both_versions(self):
        for option, version in VERSIONS.items():
            with self.subTest(version):
                result = self.connect(self.s_server(option))
                self.assert_exit(result, 0)
                self.assertEqual(result.stdout, b"olleh\n")
                self.assert_one_line(result.stderr, f"{version} full name '' peer 'CN=server'")

    def test_sessions_are_resumed(self):
        for option, version in VERSIONS.items():
            with self.subTest(version):
                result = self.connect(self.s_server(option), "--times", "4")
                self.assert_exit(result, 0)
                kinds = re.findall(rb"TLSv1\S+ (\w+)", result.stderr)
                self.assertEqual(kinds, [b"full"] + 3 * [b"resumed"])

    def test_client_certificate(self):
        wants = ["-Verify", "1", "-verify_return_error", "-CAfile", self.path("ca.crt")]
        for option in VERSIONS:
            with self.subTest(option):
                target = self.s_server(option, *wants)
                self.assert_exit(self.connect(target, *self.pair("client")), 0)
                result = self.connect(target)
                self.assert_exit(result, 1)
                self.assertRegex(result.stderr, b"client certificate, and none was given\n")
                result = self.connect(target, *self.pair("other"))
                self.assert_exit(result, 1)
                self.assertRegex(result.stderr, b"does not accept our certificate")

    def test_wrong_ca(self):
        result = self.connect(self.s_server(), ca="other")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "'CN=interop CA', which is not among the trusted CAs")

    def test_wrong_host(self):
        result = self.connect(self.s_server(), "--name", "b.example")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "valid for localhost, 127.0.0.1, not for b.example")

    def test_version_too_low(self):
        result = self.connect(self.s_server("-tls1_2"), "--min", "1.3")
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "no TLS version in common; this side takes TLS 1.3")

    def test_version_too_low_for_the_administrator(self):
        configuration = self.files / "openssl.cnf"
        configuration.write_text(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n"
            "[tls]\nMinProtocol = TLSv1.3\n"
        )
        environment = dict(os.environ, OPENSSL_CONF=str(configuration))
        result = self.connect(self.s_server("-tls1_2"), env=environment)
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "no TLS version in common; this side takes TLS 1.3")


class Server(TlsTestCase):
    """Our server, and s_client."""

    def serve_tls(self, *options):
        return self.serve(TLS_PEER, "serve", *self.pair("server"), *options)

    def s_client(self, server, *options):
        """What came back for a line, and what s_client said."""
        client = self.start(
            [OPENSSL, "s_client", "-connect", server.target, "-quiet", "-no_ign_eof"]
            + ["-verify_return_error", "-CAfile", self.path("ca.crt"), "-servername", "localhost", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with contextlib.suppress(BrokenPipeError):  # its handshake has failed already
            client.stdin.write(b"hello\n")
            client.stdin.flush()
        line = client.stdout.readline()
        _, errors = client.communicate(timeout=DEADLINE)
        return line, errors

    def test_both_versions(self):
        server = self.serve_tls()
        for option, version in VERSIONS.items():
            with self.subTest(version):
                line, errors = self.s_client(server, option, "-verify_hostname", "localhost")
                self.assertEqual(line, b"hello\n", errors)
                server.wait_for_log(f"{version} full name 'localhost' peer ''")

    def test_sessions_are_resumed(self):
        server = self.serve_tls()
        for option, version in VERSIONS.items():
            with self.subTest(version):
                session = self.path("session")
                self.assertEqual(self.s_client(server, option, "-sess_out", session)[0], b"hello\n")
                self.assertEqual(self.s_client(server, option, "-sess_in", session)[0], b"hello\n")
                server.wait_for_log(f"{version} resumed")

    def test_client_certificate(self):
        server = self.serve_tls("--client-ca", self.path("ca.crt"))
        for option, version in VERSIONS.items():
            with self.subTest(version):
                line, errors = self.s_client(server, option, *self.pair("client", "-"))
                self.assertEqual(line, b"hello\n", errors)
                server.wait_for_log(f"{version} full .* peer 'CN=jane,O=dev'")
                line, errors = self.s_client(server, option)
                self.assertEqual(line, b"")
                self.assertRegex(errors, b"alert (certificate required|handshake failure)")
                server.wait_for_log("a client certificate is required, and the client has shown")

    def test_version_too_low(self):
        server = self.serve_tls("--min", "1.3")
        line, errors = self.s_client(server, "-tls1_2")
        self.assertEqual(line, b"")
        self.assertRegex(errors, b"alert protocol version")
        server.wait_for_log("no TLS version in common; this side takes TLS 1.3 or later")

    def test_plain_http(self):
        server = self.serve_tls()
        with socket.create_connection(server.address, DEADLINE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: plain.recv(4096), b""))
        self.assertRegex(answer, rb"\AHTTP/1\.1 400 [\s\S]*use https://\Z")
        server.wait_for_log("the client does not speak TLS, it sent 'GET / HTTP/1.1'")
