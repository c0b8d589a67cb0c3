"""Bugs that users of other implementations live with, and which must not be here.

Links that are slow and narrow, links that are cut, thousands of connections. UVSPDY_TEST_ROUNDS=1
in the environment makes it all of them, which takes minutes; docs/kubernetes.md has the numbers.
"""
