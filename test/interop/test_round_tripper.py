"""The cases of TLS and proxies that Go's SPDY round tripper is tested by in its own repository:
for ours, with Go's library as the server, and for Go's, with `uvspdy serve`."""

import typing

import proxies
from go_peer import build_peer
from network_cases import CREDENTIALS, CertificatesTestCase
from peers import run
from scripted_proxy import AnyNameProxy

# What is behind TLS has the first certificate, or one for another host name.
GOOD, ELSEWHERE = "good", "elsewhere"
# The client trusts our CA and looks at the host name, or trusts everybody.
VERIFY, INSECURE = "verify", "insecure"
# Only a percent escape brings them through a URL.
ODD_CREDENTIALS = ("proxy user", "proxypasswd%")


class Row(typing.NamedTuple):
    """A certificate of None is a peer without TLS."""

    works: bool
    trust: str = VERIFY
    server: typing.Optional[str] = None
    proxy: typing.Optional[str] = None
    login: typing.Optional[tuple] = None


DIRECT = [
    Row(True),
    Row(True, INSECURE, ELSEWHERE),
    Row(False, VERIFY, ELSEWHERE),
    Row(True, VERIFY, GOOD),
]
# Through a CONNECT proxy: over TLS if it has a certificate.
CONNECT = [
    Row(True),
    Row(True, login=CREDENTIALS),
    Row(True, VERIFY, GOOD),
    Row(True, INSECURE, None, ELSEWHERE),
    Row(True, INSECURE, None, ELSEWHERE, CREDENTIALS),
    Row(False, VERIFY, None, ELSEWHERE),
    Row(True, VERIFY, None, GOOD),
    Row(True, VERIFY, None, GOOD, CREDENTIALS),
    Row(True, INSECURE, ELSEWHERE, ELSEWHERE),
    Row(True, INSECURE, ELSEWHERE, ELSEWHERE, CREDENTIALS),
    Row(False, VERIFY, ELSEWHERE, ELSEWHERE),
    Row(False, VERIFY, ELSEWHERE, GOOD),
    Row(True, VERIFY, GOOD, GOOD),
    Row(True, VERIFY, GOOD, GOOD, CREDENTIALS),
]
SOCKS5 = [
    Row(True),
    Row(False, login=("invalid", "auth")),
    Row(True, login=CREDENTIALS),
    Row(True, INSECURE, ELSEWHERE, login=CREDENTIALS),
    Row(False, VERIFY, ELSEWHERE, login=CREDENTIALS),
    Row(True, VERIFY, GOOD, login=CREDENTIALS),
]


class RoundTripperCases:
    """A mixin: a test case adds the two functions below."""

    def setUp(self):
        super().setUp()
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)
        self._servers = {}
        self._proxies = {}

    def start_server(self, *options):
        """A server that lets everybody in, with these TLS options."""
        raise NotImplementedError

    def execute(self, server, trust, proxy_url):
        """Runs `echo done` in the server's pod. `trust` is VERIFY or INSECURE."""
        raise NotImplementedError

    def pair(self, name):
        pki = self.certificates
        return {GOOD: pki.server, ELSEWHERE: pki.elsewhere}[name]

    def server(self, name):
        if name not in self._servers:
            options = self.certificates.options(self.pair(name)) if name else []
            self._servers[name] = self.start_server(*map(str, options))
        return self._servers[name]

    def proxy(self, make, *key):
        if key not in self._proxies:
            self._proxies[key] = make()
        return self._proxies[key]

    def connect_proxy(self, row):
        if row.proxy is None:
            return self.proxy(lambda: proxies.Tinyproxy(self, row.login), row.login)
        pair = self.pair(row.proxy)
        return self.proxy(lambda: proxies.TlsProxy(self, pair, row.login), row.login, row.proxy)

    def check(self, row, proxy_url=None):
        result = self.execute(self.server(row.server), row.trust, proxy_url)
        if row.works:
            self.assert_exit(result, 0)
            self.assertEqual(result.stdout, b"done\n")
        else:
            self.assert_exit(result, 1)
            self.assert_one_line(result.stderr, ".")

    def check_through(self, row, proxy, proxy_url):
        address = self.server(row.server).address
        before = proxy.tunnels(*address)
        self.check(row, proxy_url)
        if row.works:
            self.assertGreater(proxy.tunnels(*address), before, proxy.log())

    def test_direct(self):
        for row in DIRECT:
            with self.subTest(row=row):
                self.check(row)

    def test_connect_proxies(self):
        for row in CONNECT:
            with self.subTest(row=row):
                proxy = self.connect_proxy(row)
                self.check_through(row, proxy, proxy.url())

    def test_socks5_proxies(self):
        for row in SOCKS5:
            with self.subTest(row=row):
                credentials = CREDENTIALS if row.login else None
                proxy = self.proxy(lambda: proxies.Microsocks(self, credentials), credentials)
                self.check_through(row, proxy, proxy.url(row.login))

    def test_credentials_with_percent_escapes(self):
        # tinyproxy's configuration has no way to write these.
        behind = AnyNameProxy(self)
        in_front = proxies.Stunnel(self, self.certificates.server, behind.port)
        self.check(Row(True, VERIFY, GOOD, GOOD), in_front.url(ODD_CREDENTIALS))
        # Of each request, were there several.
        self.assertEqual(set(behind.logins), {":".join(ODD_CREDENTIALS)})


class OurRoundTripper(RoundTripperCases, CertificatesTestCase):
    def start_server(self, *options):
        return self.serve(self.peer, "pod", *options)

    def execute(self, server, trust, proxy_url):
        cluster = {"insecure-skip-tls-verify": True} if trust == INSECURE else dict(self.trusted)
        if proxy_url:
            cluster["proxy-url"] = proxy_url
        config = self.kubeconfig(server.target, cluster)
        return self.exec_uvspdy("--kubeconfig", config, "uvspdy", "--", "echo", "done")


class GoRoundTripper(RoundTripperCases, CertificatesTestCase):
    def start_server(self, *options):
        return self.serve_uvspdy(*options)

    def execute(self, server, trust, proxy_url):
        ca = ["--certificate-authority", str(self.certificates.ca.certificate)]
        options = ["--insecure-skip-tls-verify"] if trust == INSECURE else ca
        if proxy_url:
            options += ["--proxy", proxy_url]
        # The method that Go's own cases have.
        command = [self.peer, "exec", "--method", "GET", *options, server.target, "echo", "done"]
        return run(command)
