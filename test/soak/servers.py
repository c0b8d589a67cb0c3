"""What soaks: an embedder's echo server, `uvspdy serve` and `uvspdy port-forward`."""

import contextlib
import os
import pathlib
import re
import tempfile

import openings
import peers
import targets


class Serve(targets.Target):
    """`uvspdy serve` with the main process `cat`."""

    def __init__(self, tls=False):
        super().__init__("attach", tls=tls)

    def opening(self, **options):
        return openings.command("exec", **options)


class Behind:
    """The TCP server to which port-forwards lead: it sends back what comes."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="uvspdy-soak-")
        command = [peers.program("UVSPDY_ECHO_TIMER"), "serve"]
        self.address = peers.Server(command, pathlib.Path(self._folder.name)).address

    def stop(self):
        self._folder.cleanup()


class PortForward:
    """A `uvspdy port-forward` to Behind, whose local port is the address."""

    tls = False

    def __init__(self, server, port):
        self._folder = tempfile.TemporaryDirectory(prefix="uvspdy-soak-")
        self._output = pathlib.Path(self._folder.name) / "stdout"
        words = [peers.program("UVSPDY_COMMAND"), "port-forward", "-s", server.server.target]
        words += ["uvspdy", "--address", "127.0.0.1", f":{port}"]
        self._log = pathlib.Path(self._folder.name) / "stderr"
        with open(self._output, "wb") as output, open(self._log, "wb") as log:
            self.process = peers.start(words, stdout=output, stderr=log)
        found = peers.wait_until(self._forwarding, "port-forward to listen")
        self.address, self.pid = ("127.0.0.1", int(found[1])), self.process.pid

    def _forwarding(self):
        return re.search(r"Forwarding from 127\.0\.0\.1:(\d+) ", self._output.read_text())

    def good_opening(self):
        return openings.Opening(b"", b"", 0, 0, 0, 0)

    def log_size(self):
        return self._output.stat().st_size + self._log.stat().st_size

    def log(self):
        return self._log.read_text(errors="replace")

    def stop(self):
        died = self.process.poll()
        code = peers.stop(self.process)
        self._folder.cleanup()
        # A client that SIGTERM has ended says so by its exit code.
        if died is not None or code not in (0, -15, 143):
            return f"port-forward ended with {code}{'' if died is None else ' by itself'}"
        return None


@contextlib.contextmanager
def giving_back(module):
    """Programs that are started meanwhile give free memory back at once, by this module if it is
    there: their memory is what they use."""
    if not module.exists():
        yield
        return
    os.environ["LD_PRELOAD"] = str(module.resolve())
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]


def make(give_back):
    """By name: the servers under load, and `behind`."""
    behind = Behind()
    with giving_back(give_back):
        made = {
            "echo": targets.Target("echo"),
            "echo-tls": targets.Target("echo", tls=True),
            "serve": Serve(),
            "serve-tls": Serve(tls=True),
        }
        made["port-forward"] = PortForward(made["serve"], behind.address[1])
    return made, behind
