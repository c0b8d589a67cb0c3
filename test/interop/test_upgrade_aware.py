"""UpgradeAwareHandler, which API servers pass connections on by, before `uvspdy serve`.

TLS on both sides, with a certificate of the handler's own for the server behind.
"""

from kube_cases import ClientGoCases, KubectlCases, UvspdyCases
from kube_servers import UvspdyBehindGateway
from kubectls import KUBECTLS
from network_cases import CertificatesTestCase


class UvspdyThroughHandler(UvspdyCases, UvspdyBehindGateway, CertificatesTestCase):
    pass


class ClientGoThroughHandler(ClientGoCases, UvspdyBehindGateway, CertificatesTestCase):
    pass


class KubectlThroughHandler(KubectlCases, UvspdyBehindGateway, CertificatesTestCase):
    kubectl = KUBECTLS[0] if KUBECTLS else None
