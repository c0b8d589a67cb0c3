"""The clients of the pod `uvspdy`: command lines of kubectl, client-go and `uvspdy`.

Each reaches a server by its URL and, if it has TLS, by the CA and the client certificate.
"""

import functools
import json
import os
import re
import tempfile

import kubeconfig
from go_peer import SOURCES
from peers import program, run

POD = "uvspdy"


def go_release(module):
    """The release of one of the Go peer's modules."""
    text = (SOURCES / "go.mod").read_text()
    return re.search(rf"^\s*{re.escape(module)} v(\S+)", text, re.M).group(1)


class Access:
    """How a server is reached."""

    def __init__(self, url, authority=None, pair=None):
        self.url, self.authority, self.pair = url, authority, pair

    def kubeconfig(self, folder):
        cluster = {"certificate-authority": str(self.authority)} if self.authority else None
        user = kubeconfig.client_certificate(self.pair) if self.pair else None
        return kubeconfig.write(folder / "kubeconfig", self.url, cluster, user)


def stream_flags(stdin, tty):
    return [*(["-i"] if stdin else []), *(["-t"] if tty else [])]


class KubeconfigClient:
    """What kubectl's command line is, and that of whoever follows it."""

    def __init__(self, folder, access):
        self._config = access.kubeconfig(folder)
        self._folder = folder

    def _words(self, command):
        raise NotImplementedError

    def exec(self, *words, stdin=False, tty=False):
        return [*self._words("exec"), *stream_flags(stdin, tty), POD, "--", *words]

    def attach(self, stdin=False, tty=False):
        return [*self._words("attach"), *stream_flags(stdin, tty), POD]

    def port_forward(self, *ports):
        return [*self._words("port-forward"), POD, *ports]

    def copy(self, source, target):
        return [*self._words("cp"), str(source), str(target)]


class Kubectl(KubeconfigClient):
    def __init__(self, folder, access, kubectl):
        super().__init__(folder, access)
        self._kubectl = str(kubectl)

    @property
    def environment(self):
        """Nothing of the configuration, the caches or the proxies of whoever runs this."""
        return {"PATH": os.environ["PATH"], "HOME": str(self._folder)}

    def _words(self, command):
        cache = ["--cache-dir", f"{self._folder}/cache"]
        return [self._kubectl, "--kubeconfig", str(self._config), *cache, command]

    def protocol(self):
        """That of an exec, as the server chose it: kubectl logs the headers of answers."""
        command = self.exec("true")
        result = run([*command[:1], "-v=8", *command[1:]], env=self.environment)
        chosen = re.findall(rb"(?i)X-Stream-Protocol-Version: (\S+\.k8s\.io)", result.stderr)
        return chosen[-1].decode() if chosen else result.stderr.decode(errors="replace")[-2000:]


@functools.lru_cache(maxsize=None)
def kubectl_version(kubectl):
    """Such as 1.27.16."""
    with tempfile.TemporaryDirectory(prefix="uvspdy-interop-") as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        result = run([str(kubectl), "version", "--client", "-o", "json"], env=environment)
    return json.loads(result.stdout)["clientVersion"]["gitVersion"].lstrip("v")


class Uvspdy(KubeconfigClient):
    @property
    def environment(self):
        sanitizers = {n: v for n, v in os.environ.items() if n.endswith("SAN_OPTIONS")}
        return {"PATH": os.environ["PATH"], "HOME": str(self._folder), **sanitizers}

    def _words(self, command):
        return [program("UVSPDY_COMMAND"), command, "--kubeconfig", str(self._config)]


class ClientGo:
    """`peer client-go` (go/README.md)."""

    def __init__(self, folder, access, peer, protocols=None):
        self._peer, self._folder, self._access = peer, folder, access
        self._protocols = ["--protocols", protocols] if protocols else []
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def _words(self, command):
        words = [self._peer, "client-go", command, "--result", str(self._folder / "result")]
        if self._access.authority:
            words += ["--certificate-authority", str(self._access.authority)]
        if self._access.pair:
            words += ["--client-certificate", str(self._access.pair.certificate)]
            words += ["--client-key", str(self._access.pair.key)]
        return words

    def _remote(self, command, stdin, tty):
        flags = stream_flags(stdin, tty)
        return [*self._words(command), *self._protocols, *flags, self._access.url]

    def exec(self, *words, stdin=False, tty=False):
        return [*self._remote("exec", stdin, tty), *words]

    def attach(self, stdin=False, tty=False):
        return self._remote("attach", stdin, tty)

    def port_forward(self, *ports):
        return [*self._words("port-forward"), self._access.url, *ports]

    def protocol(self):
        """That of an exec, as the server chose it."""
        run(self.exec("true"), env=self.environment)
        return json.loads((self._folder / "result").read_text())["protocol"]
