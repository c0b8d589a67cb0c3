"""`uvspdy` and the CRI streaming server, k8s.io/cri-streaming, in all versions of remotecommand."""

from kube_cases import ClientGoCases, KubectlCases, UvspdyCases
from kube_servers import V1, V2, V3, CriServer
from kubectls import KUBECTLS
from network_cases import CertificatesTestCase


class UvspdyToCri(UvspdyCases, CriServer, CertificatesTestCase):
    pass


class UvspdyToCriBeforeV4(UvspdyToCri):
    """The exit code of `test -d` says where cp's files go, and that of tar that they are there."""

    protocol = None
    not_possible = {"cp": "cp needs exit codes, which only v4 reports"}

    def test_copy(self):
        self.begin()
        original, folder = self.make_tree(), self.folder()
        result = self.run_client(self.client.copy(original, f"uvspdy:{folder}/there"))
        self.assert_exit(result, 1)
        self.assertRegex(result.stderr.decode(), r"(?m)^uvspdy cp: ")
        self.assertEqual(list(folder.iterdir()), [])


class UvspdyToCri_v3(UvspdyToCriBeforeV4):
    protocol = server_protocols = V3


class UvspdyToCri_v2(UvspdyToCriBeforeV4):
    protocol = server_protocols = V2


class UvspdyToCri_v1(UvspdyToCriBeforeV4):
    protocol = server_protocols = V1


# It is no case of its own.
del UvspdyToCriBeforeV4


class ClientGoToCri(ClientGoCases, CriServer, CertificatesTestCase):
    """Nothing here is ours: what fails here as well is the test's fault, or a bug of theirs."""


class ClientGoToCri_v3(ClientGoToCri):
    protocol = V3


class ClientGoToCri_v2(ClientGoToCri):
    protocol = V2


class ClientGoToCri_v1(ClientGoToCri):
    protocol = V1


class KubectlToCri(KubectlCases, CriServer, CertificatesTestCase):
    """Nor here."""

    kubectl = KUBECTLS[0] if KUBECTLS else None
