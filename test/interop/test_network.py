"""`uvspdy exec` and kubectl, by the same kubeconfigs, to `uvspdy serve` and to Go's libraries."""

import os

from go_peer import build_peer
from kube_clients import kubectl_version
from kubectls import KUBECTLS, case_suffix
from network_cases import TOKEN, CertificatesTestCase, FewNetworkCases, NetworkCases
from peers import run


LOGIN = ("joe", "pass:w\u00f6rd")


class OurServer:
    """A mixin."""

    def start_guarded(self, pair):
        return self.serve_uvspdy(*self.certificates.guarded(pair))

    def start_plain(self):
        return self.serve_uvspdy()


class GoServer:
    """A mixin: `peer pod` (go/README.md)."""

    def setUp(self):
        super().setUp()
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)

    def start_guarded(self, pair):
        known = ["--client-ca-file", self.certificates.ca.certificate, "--token", TOKEN]
        known += ["--basic", ":".join(LOGIN)]
        return self._start(*self.certificates.options(pair), *known)

    # Only here: `uvspdy serve` knows no passwords, as kube-apiserver does not any more.
    def test_username_and_password(self):
        self.check_credentials({"username": LOGIN[0], "password": LOGIN[1]})

    def start_plain(self):
        return self._start()

    def _start(self, *options):
        return self.serve(self.peer, "pod", *map(str, options))


class OurClient:
    """A mixin."""

    def execute(self, config, *words, data=None):
        return self.exec_uvspdy("--kubeconfig", config, "-i", "uvspdy", "--", *words, data=data)


class KubectlClient:
    """A mixin."""

    kubectl = None

    def setUp(self):
        super().setUp()
        if not self.kubectl:
            self.skipTest("kubectl is not on the PATH")

    def execute(self, config, *words, data=None):
        home = str(self.folder())
        flags = ["--kubeconfig", str(config), "--cache-dir", f"{home}/cache"]
        return run(
            [str(self.kubectl), *flags, "exec", "-i", "uvspdy", "--", *words],
            data,
            env={"PATH": os.environ["PATH"], "HOME": home},
        )


class UvspdyToUvspdy(OurClient, OurServer, NetworkCases, CertificatesTestCase):
    pass


class UvspdyToGo(OurClient, GoServer, NetworkCases, CertificatesTestCase):
    pass


class KubectlToGo(KubectlClient, GoServer, NetworkCases, CertificatesTestCase):
    """Nothing here is ours: what fails here as well is the test's fault."""

    kubectl = KUBECTLS[0] if KUBECTLS else None


class KubectlToUvspdy(KubectlClient, OurServer, NetworkCases, CertificatesTestCase):
    kubectl = KUBECTLS[0] if KUBECTLS else None


# The other versions: KubectlToUvspdy_1_27 and so on.
for path in KUBECTLS[1:]:
    name = f"KubectlToUvspdy{case_suffix(path)}"
    bases = (KubectlClient, OurServer, FewNetworkCases, CertificatesTestCase)
    globals()[name] = type(name, bases, {"kubectl": path})

# client-go takes SOCKS5 for SPDY since 1.24 (kubernetes#105632).
for case in [case for case in globals().values() if isinstance(case, type)]:
    path = getattr(case, "kubectl", None)
    if path and int(kubectl_version(path).split(".")[1]) < 24:
        for name in [name for name in dir(case) if name.startswith("test_socks5")]:
            setattr(case, name, None)
