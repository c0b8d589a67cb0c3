import unittest

import bench


class Address(unittest.TestCase):
    def test_is_what_the_server_says(self):
        lines = ["a warning\n", "listening on http://127.0.0.1:4\n", "listening on later\n"]
        self.assertEqual(bench.server_address(iter(lines)), "http://127.0.0.1:4")

    def test_is_none_of_a_server_that_has_ended(self):
        self.assertIsNone(bench.server_address(iter(["cannot bind\n"])))
