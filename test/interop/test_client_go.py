"""client-go's executor and port forwarder and `uvspdy serve`, in each version of remotecommand."""

from kube_cases import ClientGoCases
from kube_servers import V1, V2, V3, GoPeer, UvspdyServer
from network_cases import CertificatesTestCase


class ClientGoToUvspdy(ClientGoCases, UvspdyServer, GoPeer, CertificatesTestCase):
    pass


class ClientGoToUvspdy_v3(ClientGoToUvspdy):
    protocol = V3


class ClientGoToUvspdy_v2(ClientGoToUvspdy):
    protocol = V2


class ClientGoToUvspdy_v1(ClientGoToUvspdy):
    protocol = V1
