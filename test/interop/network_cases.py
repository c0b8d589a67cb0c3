"""What any exec client must get through any network to any server: TLS, credentials, proxies.

A client and a server are joined to a test case in test_network. Each row of the table in
docs/networking.md names a test from here.
"""

import os
import pathlib
import tempfile

import certificates
import kubeconfig
import proxies
from exec_cases import digest, random_bytes
from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")

TOKEN = "a-token-of-the-tests"
# A name that only the certificate of `elsewhere` is for.
ELSEWHERE = "elsewhere.uvspdy.test"
# No proxies, kubeconfig or home: only what sanitizers are told.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
CREDENTIALS = (proxies.USER, proxies.PASSWORD)


class Certificates:
    """What the test cases show each other. Made once for a class: openssl takes its time."""

    def __init__(self, folder):
        self.ca = certificates.Authority(folder)
        self.server = self.ca.server()
        self.elsewhere = self.ca.server(names=[ELSEWHERE], addresses=[])
        self.client = self.ca.client()
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n")
        # kube-apiserver's format.
        self.token_auth_file = folder / "tokens.csv"
        self.token_auth_file.write_text(f'{TOKEN},joe,uid-1,"developers"\n')

    def options(self, pair):
        """A server's flags for TLS with this certificate, as kube-apiserver has them."""
        return ["--tls-cert-file", pair.certificate, "--tls-private-key-file", pair.key]

    def guarded(self, pair):
        """And those that let in whom we know alone."""
        return [
            *self.options(pair),
            *("--client-ca-file", self.ca.certificate),
            *("--token-auth-file", self.token_auth_file),
        ]


class CertificatesTestCase(PeerTestCase):
    """A test case with certificates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.missing = certificates.missing()
        if not cls.missing:
            folder = tempfile.TemporaryDirectory(prefix="uvspdy-interop-")
            cls.addClassCleanup(folder.cleanup)
            cls.certificates = Certificates(pathlib.Path(folder.name))

    def setUp(self):
        super().setUp()
        if self.missing:
            self.skipTest(self.missing)

    @property
    def trusted(self):
        """Fields of a cluster whose CA is ours."""
        return {"certificate-authority": str(self.certificates.ca.certificate)}

    @property
    def jane(self):
        """Fields of a user with a client certificate."""
        return kubeconfig.client_certificate(self.certificates.client)

    def serve_uvspdy(self, *options):
        return self.serve(UVSPDY, "serve", *map(str, options))

    def kubeconfig(self, server, cluster=None, user=None):
        return kubeconfig.write(self.folder() / "kubeconfig", server, cluster, user)

    def exec_uvspdy(self, *words, data=None, **options):
        """`uvspdy exec` with these variables alone, and none of whoever runs this."""
        command = [UVSPDY, "exec", *map(str, words)]
        environment = {**ENVIRONMENT, **options.pop("env", {})}
        return run(command, data, env=environment, **options)


class FewNetworkCases:
    """A mixin for a CertificatesTestCase, which adds the functions below."""

    def start_guarded(self, pair):
        """A server with TLS, which lets in client certificates and the token alone."""
        raise NotImplementedError

    def start_plain(self):
        """A server without TLS."""
        raise NotImplementedError

    def execute(self, config, *words, data=None):
        """Runs the client to its end; its stdin is `data`."""
        raise NotImplementedError

    def check_works(self, server, cluster, user, host="127.0.0.1", scheme="https"):
        """Bytes come through both ways, and the exit code."""
        config = self.kubeconfig(f"{scheme}://{host}:{server.address[1]}", cluster, user)
        result = self.execute(config, "sh", "-c", "cat; exit 3", data=b"some bytes")
        self.assert_exit(result, 3)
        self.assertEqual(result.stdout, b"some bytes")

    def check_through(self, proxy):
        """With a client certificate, and a name that is left to the proxy to look up."""
        server = self.start_guarded(self.certificates.server)
        self.check_works(server, {**self.trusted, "proxy-url": proxy.url()}, self.jane, "localhost")
        self.assertGreater(proxy.tunnels("localhost", server.address[1]), 0, proxy.log())

    def check_credentials(self, user, cluster=None, pair=None):
        server = self.start_guarded(pair or self.certificates.server)
        self.check_works(server, cluster or self.trusted, user)

    def test_client_certificate(self):
        self.check_credentials(self.jane)

    def test_connect_proxy(self):
        self.check_through(proxies.Tinyproxy(self))

    def test_tls_proxy(self):
        self.check_through(proxies.TlsProxy(self, self.certificates.server))

    def test_socks5_proxy_with_password(self):
        self.check_through(proxies.Microsocks(self, CREDENTIALS))


class NetworkCases(FewNetworkCases):
    """All of them."""

    def test_plain_http(self):
        self.check_works(self.start_plain(), {}, None, scheme="http")

    def test_everything_embedded(self):
        pki = self.certificates
        self.check_credentials(
            kubeconfig.client_certificate_data(pki.client),
            {"certificate-authority-data": kubeconfig.data(pki.ca.certificate)},
        )

    def test_token(self):
        self.check_credentials({"token": TOKEN})

    def test_plugin_s_token(self):
        self.check_credentials(kubeconfig.plugin(self.folder(), token=TOKEN))

    def test_plugin_s_certificate(self):
        client = self.certificates.client
        user = kubeconfig.plugin(
            self.folder(),
            clientCertificateData=client.certificate.read_text(),
            clientKeyData=client.key.read_text(),
        )
        self.check_credentials(user)

    def test_token_file(self):
        self.check_credentials({"tokenFile": str(self.certificates.token_file)})

    def test_insecure_skip_tls_verify(self):
        self.check_credentials(
            self.jane, {"insecure-skip-tls-verify": True}, self.certificates.elsewhere
        )

    def test_tls_server_name(self):
        self.check_credentials(
            self.jane, {**self.trusted, "tls-server-name": ELSEWHERE}, self.certificates.elsewhere
        )

    def test_connect_proxy_with_basic_authentication(self):
        self.check_through(proxies.Tinyproxy(self, CREDENTIALS))

    def test_tls_proxy_with_basic_authentication(self):
        self.check_through(proxies.TlsProxy(self, self.certificates.server, CREDENTIALS))

    def test_socks5_proxy(self):
        self.check_through(proxies.Microsocks(self))

    def test_socks5_proxy_with_token(self):
        server = self.start_guarded(self.certificates.server)
        proxy = proxies.Microsocks(self)
        self.check_works(server, {**self.trusted, "proxy-url": proxy.url()}, {"token": TOKEN})
        self.assertGreater(proxy.tunnels("127.0.0.1", server.address[1]), 0, proxy.log())

    def test_10_mib_through_tls_within_tls(self):
        server = self.start_guarded(self.certificates.server)
        proxy = proxies.TlsProxy(self, self.certificates.server)
        cluster = {**self.trusted, "proxy-url": proxy.url()}
        config = self.kubeconfig(f"https://127.0.0.1:{server.address[1]}", cluster, self.jane)
        data = random_bytes(10 << 20)
        result = self.execute(config, "cat", data=data)
        self.assert_exit(result, 0)
        self.assertEqual(digest(result.stdout), digest(data))

    def test_plain_http_through_connect_proxy(self):
        server, proxy = self.start_plain(), proxies.Tinyproxy(self)
        self.check_works(server, {"proxy-url": proxy.url()}, None, scheme="http")
        self.assertGreater(proxy.tunnels("127.0.0.1", server.address[1]), 0, proxy.log())
