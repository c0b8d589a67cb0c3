"""kubectl as it comes, each version that is here, and `uvspdy serve`."""

import os
import unittest

from exec_cases import ExecCases
from kube_clients import kubectl_version
from kubectls import KUBECTLS, case_suffix
from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")


class ExecOfKubectl(ExecCases):
    kubectl = None

    def setUp(self):
        self.server = self.serve(UVSPDY, "serve")
        # Nothing of the configuration, the caches or the proxies of whoever runs this.
        self.home = str(self.folder())
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "KUBECONFIG": "/dev/null",
        }

    def start(self, command, **options):
        return super().start(command, env=self.environment, **options)

    def command(self, *words, stdin=False):
        flags = ["--server", self.server.target, "--cache-dir", f"{self.home}/cache"]
        stdin_flag = ["-i"] if stdin else []
        return [str(self.kubectl), *flags, "exec", *stdin_flag, self.pod, "--", *words]

    def execute(self, *words, data=None, **options):
        with_stdin = data is not None or "stdin" in options
        return run(self.command(*words, stdin=with_stdin), data, env=self.environment, **options)


# A test case for each: Kubectl, Kubectl_1_27 and so on.
for path in KUBECTLS:
    # The first is looked at the most closely.
    members = {"kubectl": path, "attempts": 10 if path is KUBECTLS[0] else 2}
    name = f"Kubectl{case_suffix(path)}"
    globals()[name] = type(name, (ExecOfKubectl, PeerTestCase), members)


class Versions(unittest.TestCase):
    def test_kubectl_is_here(self):
        if not KUBECTLS:
            self.skipTest("kubectl is not on the PATH")

    def test_an_old_one_is_here(self):
        versions = [kubectl_version(path) for path in KUBECTLS]
        if not any(version.startswith("1.20.") for version in versions):
            self.skipTest("Debian's kubectl 1.20 is not here, which `tools/dev test` fetches")
