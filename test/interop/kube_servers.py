"""The servers that have the pod `uvspdy`; mixins for a CertificatesTestCase."""

from go_peer import build_peer
from kube_clients import Access, go_release
from peers import DEADLINE, program

UVSPDY = program("UVSPDY_COMMAND")

V4, V3, V2, V1 = "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"


class GoPeer:
    """A mixin: the test needs the Go peer."""

    def setUp(self):
        super().setUp()
        self.peer, missing = build_peer()
        if missing:
            self.skipTest(missing)


class ServesMain:
    """A mixin: `uvspdy serve`, which ends as its main process does."""

    # Whoever is attached is told the main process's exit code.
    tells_attached = True

    def serve_with_main(self, main, tty, *options):
        if not main:
            return self.serve_uvspdy(*options)
        options = [*options, "-i", *(["-t"] if tty else []), "--", *main]
        self.main_server = self.serve_mortal(UVSPDY, "serve", *map(str, options))
        return self.main_server

    def check_main_ended(self, code):
        self.assertEqual(self.main_server.process.wait(DEADLINE), code)


class UvspdyServer(ServesMain):
    """`uvspdy serve`."""

    server_name = "uvspdy serve"

    def start_server(self, *main, tty=False):
        """Returns its Access; `main` is the process that attach is to."""
        self.server = self.serve_with_main(main, tty)
        return Access(self.server.target)


class GoServer(GoPeer):
    """A server of the Go peer, which tells what is chosen."""

    def protocol_of_exec(self):
        """For the exec of the client that has been run."""
        line = self.server.wait_for_log(r"^exec: \S* of ")
        return line.removeprefix("exec: ").partition(" of ")[0]


class UvspdyBehindGateway(ServesMain, GoServer):
    """UpgradeAwareHandler, as in an API server, in front of `uvspdy serve`; TLS on both sides."""

    server_name = f"`UpgradeAwareHandler` {go_release('k8s.io/apimachinery')}, uvspdy serve"

    def start_server(self, *main, tty=False):
        pki = self.certificates
        # Only the handler's own certificate, so that nobody comes past it.
        guard = [*pki.options(pki.server), "--client-ca-file", pki.ca.certificate]
        self.behind = self.serve_with_main(main, tty, *guard)
        self.server = self.serve(
            *(self.peer, "gateway"),
            *map(str, pki.options(pki.server)),
            *("--client-ca-file", str(pki.ca.certificate)),
            *("--kubelet-client-certificate", str(pki.client.certificate)),
            *("--kubelet-client-key", str(pki.client.key)),
            *("--kubelet-certificate-authority", str(pki.ca.certificate)),
            self.behind.target,
        )
        return Access(self.server.target, pki.ca.certificate, pki.client)


class CriServer(GoServer):
    """The CRI streaming server, behind as much of a kubelet as it takes."""

    server_name = f"cri-streaming {go_release('k8s.io/cri-streaming')}"
    # An attach that comes to an end has succeeded there, whatever the exit code.
    tells_attached = False
    # Those that it takes: it chooses the first that it shares with the client.
    server_protocols = None

    def start_server(self, *main, tty=False):
        options = ["--protocols", self.server_protocols] if self.server_protocols else []
        options += ["--tty"] if tty else []
        self.server = self.serve(self.peer, "cri", *options, *main)
        return Access(self.server.target)

    def check_main_ended(self, _code):
        pass  # the server goes on, and whoever is attached has been told of the end
