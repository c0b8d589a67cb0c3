"""What any pair of echo peers must be able to do, whoever wrote them."""


class EchoCases:
    """A mixin: a test case adds start_server, and dial, which runs a client to its end."""

    def start_server(self):
        raise NotImplementedError

    def dial(self, target, *options):
        raise NotImplementedError

    def check_echo(self, streams, size):
        target = self.start_server()
        result = self.dial(target, "--streams", str(streams), "--bytes", str(size))
        self.assert_exit(result, 0)
        self.assertEqual(
            result.stdout.decode(), f"{streams} of {streams} streams echoed {size} bytes\n"
        )

    def test_one_stream(self):
        self.check_echo(1, 1)

    def test_100_streams_at_once(self):
        self.check_echo(100, 10_000)

    def test_1000_streams_at_once(self):
        self.check_echo(1000, 1000)

    def test_nothing_but_ends(self):
        self.check_echo(1000, 0)

    def test_one_mebibyte_on_each_of_100_streams(self):
        self.check_echo(100, 1 << 20)
