"""What our spdy-peer does with any other peer, whoever is the server (README.md)."""

from peers import program, run

SPDY_PEER = program("UVSPDY_SPDY_PEER")


def compression_options(compressions):
    return [word for compression in compressions for word in ("--compression", compression)]


class SpdyCases:
    """A mixin, of which OurClient and OurServer are the two roles."""

    # What `automatic` finds out about the peer, and our side says of it.
    their_flow_control = None

    def start_server(self, compressions=()):
        """Its connections use one compression after another, if it is ours."""
        raise NotImplementedError

    def run_client(self, command, target, *options, compressions=(), data=None):
        """Likewise, with a connection for each compression."""
        raise NotImplementedError

    def found_out(self, result, server):
        """What our side says about the other."""
        raise NotImplementedError

    def check_memory(self, server, size):
        """Nothing, if the server is not ours."""

    def start_our_server(self, *options, compressions=()):
        return self.serve(SPDY_PEER, "serve", *options, *compression_options(compressions))

    def run_our_client(self, command, target, *options, compressions=(), data=None):
        options = [*options, *compression_options(compressions)]
        return run([SPDY_PEER, command, *options, target], data)

    def assert_output(self, result, output):
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout.decode(), output + "\n")

    def check_headers(self, sizes, compressions, *options):
        server = self.start_server(compressions)
        result = self.run_client(
            "headers", server.target, *options, compressions=compressions, data=sizes.text()
        )
        count = len(compressions) * len(sizes.lines)
        self.assert_output(result, f"{count} header blocks mirrored")

    def check_scripts(self, scripts):
        server = self.start_server()
        text = "".join(script + "\n" for script in scripts).encode()
        result = self.run_client("scripts", server.target, data=text)
        self.assert_output(result, f"{len(scripts)} scripts as written, and the connection lives")
        # The server's last observation may come behind the client's.
        for index in range(len(scripts)):
            server.wait_for_log(f"script {index}: as written")

    def check_transfer(self, command, streams, size, *options):
        server = self.start_server()
        result = self.run_client(
            command, server.target, "--streams", str(streams), "--bytes", str(size), *options
        )
        self.assert_output(result, f"{command}: {streams} of {streams} streams with {size} bytes")
        self.assertEqual(self.found_out(result, server), f"peer: {self.their_flow_control}")
        self.check_memory(server, size)

    def check_pings(self):
        result = self.run_client("pings", self.start_server().target, "--count", "1000")
        self.assert_output(result, "1000 pings answered")


class OurClient(SpdyCases):
    """A mixin: a test case adds start_server."""

    our_options = []

    def run_client(self, command, target, *options, compressions=(), data=None):
        return self.run_our_client(
            command, target, *self.our_options, *options, compressions=compressions, data=data
        )

    def found_out(self, result, server):
        return result.stderr.decode().rstrip("\n")


class OurServer(SpdyCases):
    """A mixin: a test case adds run_client."""

    our_options = []

    def start_server(self, compressions=()):
        return self.start_our_server(*self.our_options, compressions=compressions)

    def found_out(self, result, server):
        return server.wait_for_log("^peer: .*(windows|unknown)$")

    def check_memory(self, server, size):
        if size >= 1 << 30:
            # Sanitizers keep a few hundred MiB of freed memory.
            self.assertLess(server.peak_memory(), size / 2)
