"""What `uvspdy exec` says when the network, a certificate, a proxy or a kubeconfig is not right:
one line which tells what was wrong and what to do, and soon."""

import time

import certificates
import proxies
from network_cases import CREDENTIALS, ELSEWHERE, TOKEN, CertificatesTestCase
from peers import DEADLINE, run
from scripted_proxy import Answering, RefusingSocks5Proxy

# No case has to wait for a timeout; a machine may be busy.
SOON = 20.0


class ErrorTestCase(CertificatesTestCase):
    def fails(self, pattern, *options, soon=SOON, env=None):
        start = time.monotonic()
        result = self.exec_uvspdy(*options, "uvspdy", "--", "true", env=env or {})
        self.assert_exit(result, 1)
        self.assertEqual(result.stdout, b"")
        self.assert_one_line(result.stderr, f"^uvspdy exec: .*(?:{pattern})")
        self.assertLess(time.monotonic() - start, soon)

    def options(self, server, *options):
        """For this server, with our CA and the token."""
        ca = self.certificates.ca.certificate
        return ["-s", server, "--certificate-authority", ca, "--token", TOKEN, *options]

    def start_server(self, pair=None):
        return self.serve_uvspdy(*self.certificates.guarded(pair or self.certificates.server))


class ServerCertificates(ErrorTestCase):
    def test_unknown_ca(self):
        server = self.start_server().target
        another = certificates.Authority(self.folder(), "another CA")
        # The system's CAs do not know ours, and neither does another.
        pattern = "'CN=uvspdy test CA'.* not among the trusted CAs"
        self.fails(pattern, "-s", server, "--token", TOKEN)
        self.fails(
            pattern, "-s", server, "--token", TOKEN, "--certificate-authority", another.certificate
        )

    def test_expired(self):
        pair = self.certificates.ca.server(dates=certificates.EXPIRED)
        server = self.start_server(pair).target
        self.fails("'CN=localhost' has expired on 2020-02-01", *self.options(server))

    def test_not_yet_valid(self):
        pair = self.certificates.ca.server(dates=certificates.NOT_YET_VALID)
        server = self.start_server(pair).target
        self.fails("'CN=localhost' is not valid before 2098-01-01", *self.options(server))

    def test_another_host(self):
        server = self.start_server(self.certificates.elsewhere).target
        self.fails(rf"is valid for {ELSEWHERE}, not for '?127\.0\.0\.1", *self.options(server))
        server = self.start_server().target
        self.fails(
            f"is valid for localhost, 127.0.0.1, .*, not for '?{ELSEWHERE}",
            *self.options(server, "--tls-server-name", ELSEWHERE),
        )

    def test_a_client_certificate_as_a_server_s(self):
        server = self.start_server(self.certificates.client).target
        self.fails("'CN=jane,O=developers'|'O=developers,CN=jane'", *self.options(server))


class Schemes(ErrorTestCase):
    def test_https_to_a_plain_port(self):
        target = self.serve_uvspdy().target.replace("http:", "https:")
        self.fails(
            "does not speak TLS, it answered 'HTTP/1.1 400 .*use http://", *self.options(target)
        )

    def test_http_to_a_tls_port(self):
        target = self.start_server().target.replace("https:", "http:")
        self.fails("400.*use https://", "-s", target, "--token", TOKEN)

    def test_nobody_listens(self):
        target = f"https://127.0.0.1:{proxies.free_port()}"
        self.fails(f"{target.partition('//')[2]}.*connection refused", *self.options(target))

    def test_a_name_that_is_none(self):
        # A machine without DNS says so in its own time.
        pattern = "host.invalid.*(?:unknown|temporary failure)"
        self.fails(pattern, *self.options("https://host.invalid:1"), soon=DEADLINE)


class Credentials(ErrorTestCase):
    def test_none(self):
        server = self.start_server().target
        ca = self.certificates.ca.certificate
        self.fails("401.*Unauthorized: .", "-s", server, "--certificate-authority", ca)

    def test_a_token_that_is_unknown(self):
        server = self.start_server().target
        ca = self.certificates.ca.certificate
        options = ["-s", server, "--certificate-authority", ca, "--token", "of-another"]
        self.fails("401.*Unauthorized: .", *options)

    def test_a_certificate_of_another_ca(self):
        server = self.start_server()
        pair = certificates.Authority(self.folder(), "another CA").client()
        self.fails(
            "does not accept our certificate: it does not know the CA",
            *("-s", server.target, "--certificate-authority", self.certificates.ca.certificate),
            *("--client-certificate", pair.certificate, "--client-key", pair.key),
        )

    def test_files_that_cannot_be_used(self):
        client, folder = self.certificates.client, self.folder()
        (folder / "empty").touch()
        encrypted = folder / "encrypted"
        password = ["-aes256", "-passout", "pass:secret"]
        run(["openssl", "ec", "-in", client.key, *password, "-out", encrypted])
        for pattern, certificate, key in [
            (f"{encrypted}' is encrypted", client.certificate, encrypted),
            ("client-key.*there must be both|certificate is given without its key",
             client.certificate, None),
            (r"/nowhere.*[Nn]o such file", client.certificate, "/nowhere"),
            (f"{folder}.*directory", client.certificate, folder),
            ("empty'.*PRIVATE KEY", client.certificate, folder / "empty"),
            ("CERTIFICATE.* is expected", client.key, client.key),
            ("does not belong to", client.certificate, self.certificates.server.key),
        ]:  # fmt: skip
            with self.subTest(pattern=pattern):
                options = ["--client-certificate", certificate]
                options += ["--client-key", key] if key else []
                self.fails(pattern, "-s", "https://127.0.0.1:1", *options)
        self.fails("/nowhere", "-s", "https://127.0.0.1:1", "--certificate-authority", "/nowhere")


class Answers(ErrorTestCase):
    """Servers that do not upgrade, as in the tests of Go's round tripper."""

    def test_no_upgrade(self):
        connection, upgrade = "Connection: Upgrade\r\n", "Upgrade: SPDY/3.1\r\n"
        for status, headers, pattern in [
            ("101 Switching Protocols", "", "101.*Upgrade"),
            ("101 Switching Protocols", connection, "101.*Upgrade"),
            ("101 Switching Protocols", upgrade, "101.*Connection"),
            ("403 Forbidden", connection + upgrade + "Content-Length: 5\r\n", "403.*words"),
            ("307 X", "Location: http://b/c\r\nContent-Length: 0\r\n", "307.*not followed.*//b/c"),
        ]:
            with self.subTest(status=status, headers=headers):
                body = "words" if "403" in status else ""
                server = Answering(self, f"HTTP/1.1 {status}\r\n{headers}\r\n{body}".encode())
                self.fails(pattern, "-s", server.url())


class ConnectProxies(ErrorTestCase):
    def through(self, proxy_url):
        server = self.start_server().target
        return self.options(server, "--proxy-url", proxy_url)

    def test_forbidden(self):
        proxy = proxies.RefusingTinyproxy(self)
        self.fails(
            rf"proxy http://127\.0\.0\.1:{proxy.port} refused to connect to 127.*403",
            *self.through(proxy.url()),
        )

    def test_authentication(self):
        proxy = proxies.Tinyproxy(self, CREDENTIALS)
        for credentials, pattern in [
            (None, "wants a user name and password.*407"),
            # tinyproxy says 401 and means 407.
            (("proxyuser", "secret"), "does not accept the user name and password.*40[17]"),
        ]:
            with self.subTest(credentials=credentials):
                self.fails(pattern, *self.through(proxy.url(credentials)))

    def test_passwords_are_not_shown(self):
        proxy = proxies.Tinyproxy(self, CREDENTIALS)
        options = self.through(proxy.url(("proxyuser", "unsayable")))
        result = self.exec_uvspdy(*options, "uvspdy", "--", "true")
        self.assert_exit(result, 1)
        self.assertNotIn(b"unsayable", result.stderr)

    def test_nobody_there(self):
        url = f"http://127.0.0.1:{proxies.free_port()}"
        self.fails(f"proxy {url}: .*connection refused", *self.through(url))

    def test_no_server_behind_it(self):
        # Named by the proxy, which has found out.
        proxy = proxies.Tinyproxy(self)
        options = self.options(
            f"https://127.0.0.1:{proxies.free_port()}", "--proxy-url", proxy.url()
        )
        self.fails("refused to connect to .* (?:500|502|503)", *options)

    def test_it_hangs_up(self):
        proxy = Answering(self, b"")
        self.fails("the proxy closed the connection", *self.through(proxy.url()))

    def test_it_is_no_http_proxy(self):
        proxy = Answering(self, b"220 mail.example ESMTP\r\n")
        self.fails("did not answer in HTTP/1.1", *self.through(proxy.url()))

    def test_it_speaks_first(self):
        proxy = Answering(self, b"HTTP/1.1 200 OK\r\n\r\nmore")
        self.fails("4 bytes behind its answer to CONNECT", *self.through(proxy.url()))

    def test_its_certificate(self):
        proxy = proxies.TlsProxy(self, self.certificates.elsewhere)
        self.fails(
            rf"proxy https://127\.0\.0\.1:{proxy.port}.* valid for {ELSEWHERE}, not for",
            *self.through(proxy.url()),
        )

    def test_tls_is_not_spoken(self):
        proxy = Answering(self, b"HTTP/1.1 400 Bad Request\r\n\r\n", scheme="https")
        url = proxy.url()
        self.fails(f"proxy {url}.*does not speak TLS, .*use http://", *self.through(url))

    def test_the_server_behind_it_is_not_the_right_one(self):
        proxy = proxies.Tinyproxy(self)
        server = self.start_server(self.certificates.elsewhere).target
        self.fails(
            rf"is valid for {ELSEWHERE}, not for '?127\.0\.0\.1",
            *self.options(server, "--proxy-url", proxy.url()),
        )


class Socks5Proxies(ErrorTestCase):
    def through(self, proxy_url):
        server = self.start_server().target
        return self.options(server, "--proxy-url", proxy_url)

    def test_authentication(self):
        proxy = proxies.Microsocks(self, CREDENTIALS)
        for credentials, pattern in [
            (None, "wants an authentication: give a user name and password"),
            (("proxyuser", "secret"), "does not accept the user name and password"),
        ]:
            with self.subTest(credentials=credentials):
                self.fails(pattern, *self.through(proxy.url(credentials)))

    def test_no_server_behind_it(self):
        proxy = proxies.Microsocks(self)
        for server, pattern, soon in [
            (f"https://127.0.0.1:{proxies.free_port()}", r"connection refused \(5\)", SOON),
            # The proxy looks the name up, and a machine without DNS takes its time.
            ("https://host.invalid:443", r"\([14]\)", DEADLINE),
        ]:
            with self.subTest(server=server):
                self.fails(
                    f"socks5://127.0.0.1:{proxy.port}.* refused: .*{pattern}",
                    *self.options(server, "--proxy-url", proxy.url()),
                    soon=soon,
                )

    def test_each_reply_code_has_its_words(self):
        # RFC 1928, section 6.
        words = {
            1: "general SOCKS server failure",
            2: "connection not allowed by ruleset",
            3: "network unreachable",
            4: "host unreachable",
            5: "connection refused",
            6: "TTL expired",
            7: "command not supported",
            8: "address type not supported",
            9: "unknown",
        }
        for code, text in words.items():
            with self.subTest(code=code):
                proxy = RefusingSocks5Proxy(self, code)
                self.fails(rf"refused: {text}.*\({code}\)", *self.through(proxy.url()))

    def test_it_is_no_socks_proxy(self):
        proxy = Answering(self, b"HTTP/1.1 400 Bad Request\r\n\r\n", scheme="socks5")
        self.fails("does not speak SOCKS5", *self.through(proxy.url()))

    def test_it_hangs_up(self):
        proxy = Answering(self, b"", scheme="socks5")
        self.fails("the proxy closed the connection", *self.through(proxy.url()))

    def test_nobody_there(self):
        url = f"socks5://127.0.0.1:{proxies.free_port()}"
        self.fails(f"proxy {url}: .*connection refused", *self.through(url))


class Kubeconfigs(ErrorTestCase):
    def write(self, text):
        file = self.folder() / "config"
        file.write_text(text)
        return file

    def test_no_such_file(self):
        self.fails("/nowhere.*no such file", "--kubeconfig", "/nowhere")

    def test_malformed(self):
        for text, line in [
            ("clusters:\n- name: a\n  cluster: {server: [}\n", 3),
            ("clusters:\n\t- name: a\n", 2),
            ("clusters: 7\n", 1),
            ("kind: Pod\n", 1),
            ("users:\n- name: a\n  user:\n    client-key-data: '%%%'\n", 4),
            ("clusters:\n- name: a\n  cluster:\n    insecure-skip-tls-verify: maybe\n", 4),
        ]:
            with self.subTest(text=text):
                file = self.write(text)
                self.fails(f"{file}:{line}(?::\\d+)?: .", "--kubeconfig", file)

    def test_names_that_nothing_has(self):
        file = self.kubeconfig("http://127.0.0.1:1")
        for flag, kind, there in [
            ("--context", "context", "only"),
            ("--cluster", "cluster", "here"),
            ("--user", "user", "me"),
        ]:
            with self.subTest(flag=flag):
                self.fails(
                    f"there is no {kind} 'other'; there are: '{there}'",
                    *("--kubeconfig", file, flag, "other"),
                )

    def test_an_insecure_cluster_with_a_ca(self):
        cluster = {**self.trusted, "insecure-skip-tls-verify": True}
        file = self.kubeconfig("https://127.0.0.1:1", cluster)
        self.fails(f"{file}:\\d+.*insecure-skip-tls-verify", "--kubeconfig", file)

    def test_a_proxy_that_is_none(self):
        for url in "ftp://jane:secret@127.0.0.1:1", "http://jane:secret@127.0.0.1:none":
            file = self.kubeconfig("https://127.0.0.1:1", {"proxy-url": url})
            self.fails(f"{file}:\\d+.*proxy-url: (?!.*secret).*(?:socks5|port)", "--kubeconfig", file)

    def test_no_kubeconfig_at_all(self):
        # HOME is not set, nor is KUBECONFIG.
        self.fails("no current-context.*neither KUBECONFIG nor HOME.*--kubeconfig.*--server")
        home = {"HOME": "/nowhere"}
        self.fails("looked for /nowhere/.kube/config .not there.*--kubeconfig.*--server", env=home)
