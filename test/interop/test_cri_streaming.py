"""`uvspdy` and the CRI streaming server (k8s.io/cri-streaming), in each version of remotecommand."""

from kube_cases import ClientGoCases, KubectlCases, UvspdyCases
from kube_servers import V1, V2, V3, CriServer
from kubectls import KUBECTLS
from network_cases import CertificatesTestCase


class UvspdyToCri(UvspdyCases, CriServer, CertificatesTestCase):
    pass


class WithoutExitCodes:
    not_possible = {"cp": "uvspdy cp asks by exit codes, which came with v4"}
    test_copy = None


class UvspdyToCri_v3(WithoutExitCodes, UvspdyToCri):
    protocol = server_protocols = V3


class UvspdyToCri_v2(WithoutExitCodes, UvspdyToCri):
    protocol = server_protocols = V2


class UvspdyToCri_v1(WithoutExitCodes, UvspdyToCri):
    protocol = server_protocols = V1


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
