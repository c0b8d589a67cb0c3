"""HTTPS_PROXY and what goes with it: kubectl heeds them, and so does `uvspdy exec`."""

import os

from kubectls import KUBECTLS
from network_cases import CertificatesTestCase
from peers import run
from proxies import Stunnel, free_port
from scripted_proxy import AnyNameProxy

# Only the proxy finds it; loopback addresses never go through the environment's.
HOST = "cluster.uvspdy.test"


class EnvironmentCases:
    """A mixin: a test case adds what is below."""

    # What the client says of HOST when the machine's DNS does not know it, or is not there.
    unknown_name = None

    def execute(self, config, environment):
        """Runs `echo done` in the server's pod."""
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.server = self.serve_uvspdy(*self.certificates.guarded(self.certificates.server))
        self.proxy = AnyNameProxy(self)

    def reach(self, environment, host=HOST, **cluster):
        cluster = {**self.trusted, "tls-server-name": "localhost", **cluster}
        url = f"https://{host}:{self.server.address[1]}"
        return self.execute(self.kubeconfig(url, cluster, self.jane), environment)

    def check_proxied(self, environment, host=HOST, **cluster):
        self.assert_works(self.reach(environment, host, **cluster))
        self.assertEqual(set(self.proxy.targets), {f"{host}:{self.server.address[1]}"})

    def check_not_proxied(self, environment):
        result = self.reach(environment)
        self.assert_exit(result, 1)
        # It has looked up the name itself, in vain.
        self.assertRegex(result.stderr.decode(), self.unknown_name)
        self.assertEqual(self.proxy.targets, [])

    def assert_works(self, result):
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"done\n")

    def test_https_proxy(self):
        self.check_proxied({"HTTPS_PROXY": self.proxy.url("user:pass%20word@")})
        self.assertEqual(set(self.proxy.logins), {"user:pass word"})

    def test_https_proxy_over_tls(self):
        # The kubeconfig's CA is whom it trusts there, too.
        in_front = Stunnel(self, self.certificates.server, self.proxy.port)
        self.check_proxied({"HTTPS_PROXY": in_front.url()})

    def test_lower_case(self):
        self.check_proxied({"https_proxy": self.proxy.url()})

    def test_http_proxy_is_for_http(self):
        self.check_not_proxied({"HTTP_PROXY": self.proxy.url()})

    def test_no_proxy(self):
        for rule in "uvspdy.test", ".uvspdy.test", HOST, f"{HOST}:{self.server.address[1]}", "*":
            with self.subTest(rule=rule):
                self.check_not_proxied({"HTTPS_PROXY": self.proxy.url(), "NO_PROXY": f"a, {rule}"})

    def test_no_proxy_that_is_for_others(self):
        rules = "other.test,cluster,uvspdy.test:1,198.51.100.0/24"
        environment = {"HTTPS_PROXY": self.proxy.url(), "NO_PROXY": rules}
        self.check_proxied(environment)
        self.proxy.targets.clear()
        self.check_proxied(environment, "192.0.2.1")

    def test_loopback_addresses_are_reached_directly(self):
        for host in "127.0.0.1", "localhost":
            with self.subTest(host=host):
                self.assert_works(self.reach({"HTTPS_PROXY": self.proxy.url()}, host))
                self.assertEqual(self.proxy.targets, [])

    def test_the_kubeconfig_s_proxy_goes_first(self):
        nobody = f"http://127.0.0.1:{free_port()}"
        self.check_proxied({"HTTPS_PROXY": nobody}, **{"proxy-url": self.proxy.url()})


class Uvspdy(EnvironmentCases, CertificatesTestCase):
    unknown_name = rf"\Auvspdy exec: [^\n]*{HOST}[^\n]*(?:unknown|temporary failure)[^\n]*\n\Z"

    def execute(self, config, environment):
        options = ["--kubeconfig", config, "uvspdy", "--", "echo", "done"]
        return self.exec_uvspdy(*options, env=environment)


class Kubectl(EnvironmentCases, CertificatesTestCase):
    unknown_name = rf"lookup {HOST}\b"

    def execute(self, config, environment):
        if not KUBECTLS:
            self.skipTest("kubectl is not on the PATH")
        home = str(self.folder())
        flags = ["--kubeconfig", str(config), "--cache-dir", f"{home}/cache"]
        return run(
            [str(KUBECTLS[0]), *flags, "exec", "uvspdy", "--", "echo", "done"],
            env={"PATH": os.environ["PATH"], "HOME": home, **environment},
        )
