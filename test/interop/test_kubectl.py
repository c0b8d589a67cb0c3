"""kubectl as it comes, each version that is here, and `uvspdy serve`."""

import os
import unittest

import kube_cases
from exec_cases import ExecCases
from kube_servers import UvspdyServer
from kubectls import KUBECTLS
from network_cases import CertificatesTestCase
from peers import PeerTestCase, program, run

UVSPDY = program("UVSPDY_COMMAND")


class KubectlCases(ExecCases):
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


# Two test cases for each: Kubectl and KubectlStreams, Kubectl_1_27 and KubectlStreams_1_27, and so on.
for path in KUBECTLS:
    name = path.name.replace(".", "_").capitalize()
    streams = name.replace("Kubectl", "KubectlStreams")
    bases = (kube_cases.KubectlCases, UvspdyServer, CertificatesTestCase)
    globals()[streams] = type(streams, bases, {"kubectl": path})
    # The first is looked at the most closely.
    members = {"kubectl": path, "attempts": 10 if path is KUBECTLS[0] else 2}
    globals()[name] = type(name, (KubectlCases, PeerTestCase), members)

if not KUBECTLS:

    class NoKubectl(unittest.TestCase):
        def test_kubectl(self):
            self.skipTest("kubectl is not on the PATH")
