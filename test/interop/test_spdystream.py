"""Go's moby/spdystream beyond echoes: header blocks, every order of ends, long transfers.

It is server to our client and client to our server (README.md, go/README.md).
"""

import header_sizes
from go_peer import GoTestCase
from scripts import every_order
from spdy_cases import OurClient, OurServer, SpdyCases

GIBIBYTE = 1 << 30


class SpdystreamCases(SpdyCases):
    library = "spdystream"
    their_flow_control = "no windows"

    def test_header_blocks_of_all_sizes_at_every_compression(self):
        sizes = header_sizes.for_every_setting(31332, "random")
        self.check_headers(sizes, header_sizes.COMPRESSIONS)

    def test_header_blocks_that_end_where_gos_window_is_full(self):
        self.check_headers(header_sizes.filling_the_window(), header_sizes.COMPRESSIONS)

    def test_header_blocks_of_dense_sizes(self):
        self.check_headers(header_sizes.densely(), ["6,11,1", "stored,11,1"])

    def test_upload_of_a_gibibyte(self):
        self.check_transfer("upload", 1, GIBIBYTE)

    def test_download_of_a_gibibyte(self):
        self.check_transfer("download", 1, GIBIBYTE)

    def test_uploads_on_100_streams(self):
        self.check_transfer("upload", 100, 1 << 20)

    def test_downloads_on_100_streams(self):
        self.check_transfer("download", 100, 1 << 20)

    def test_pings(self):
        self.check_pings()

    def test_transfers_without_asking_for_flow_control(self):
        self.our_options = ["--flow-control", "none"]
        self.check_transfer("upload", 10, 10 << 20)
        self.check_transfer("download", 10, 10 << 20)


class SpdystreamServer(SpdystreamCases, OurClient, GoTestCase):
    def start_server(self, compressions=()):
        return self.start_their_server()

    def test_half_close_and_reset_in_every_order(self):
        self.check_scripts(every_order(client_takes_back=False, cannot_reset_half_closed="s"))


class SpdystreamClient(SpdystreamCases, OurServer, GoTestCase):
    def run_client(self, command, target, *options, compressions=(), data=None):
        if compressions:
            options = ["--count", str(len(compressions)), *options]
        return self.run_their_client(command, target, *options, data=data)

    def test_half_close_and_reset_in_every_order(self):
        self.check_scripts(every_order(cannot_reset_half_closed="c"))
