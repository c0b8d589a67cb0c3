"""Runs one test module of this folder: run.py test_fuzz.

Ends with the line "N passed, N failed, N skipped", counted in test methods.
"""

import sys
import unittest

sys.dont_write_bytecode = True  # the sources stay as they are


def main():
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    # A module without tests must not look like success.
    sys.exit(1 if failed or not result.testsRun else 0)


main()
