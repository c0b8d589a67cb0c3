"""Each kubectl that is here and `uvspdy serve`: exec, attach, cp and port-forward."""

from kube_cases import KubectlCases
from kube_servers import UvspdyServer
from kubectls import KUBECTLS, case_suffix
from network_cases import CertificatesTestCase


class KubectlToUvspdy(KubectlCases, UvspdyServer, CertificatesTestCase):
    kubectl = KUBECTLS[0] if KUBECTLS else None


# The other versions: KubectlToUvspdy_1_27 and so on.
for path in KUBECTLS[1:]:
    name = f"KubectlToUvspdy{case_suffix(path)}"
    globals()[name] = type(name, (KubectlToUvspdy,), {"kubectl": path})
