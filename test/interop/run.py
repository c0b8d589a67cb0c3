"""Runs one test module of this folder: run.py test_exec.

Ends with the line "N passed, N failed, N skipped", counted in test methods, and exits with 1 when
one failed. With UVSPDY_STRICT=1 in the environment a skipped test has failed: something that the
tests need is missing.
"""

import os
import signal
import sys
import unittest

sys.dont_write_bytecode = True  # the sources stay as they are

import peers

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class CountingResult(unittest.TextTestResult):
    """What became of each test method, whatever subtests and cleanups it has."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.strict = os.environ.get("UVSPDY_STRICT") == "1"
        self.outcomes = {}

    def count(self, outcome):
        return list(self.outcomes.values()).count(outcome)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.outcomes.setdefault(test.id(), PASSED)

    def addError(self, test, err):
        super().addError(test, err)
        self.outcomes[test.id()] = FAILED

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.outcomes[test.id()] = FAILED

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcomes[test.id()] = FAILED

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.outcomes[test.id()] = FAILED

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.stream.writeln(f"SKIPPED: {test.id()}: {reason}")
        self.outcomes[test.id()] = FAILED if self.strict else SKIPPED


def stop_on_sigterm(_number, _frame):
    # Ends the run like Ctrl-C does, past the finally below.
    raise KeyboardInterrupt


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: run.py MODULE, such as test_exec")
    signal.signal(signal.SIGTERM, stop_on_sigterm)
    # A job in the background or under nohup ignores these, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=CountingResult)
    try:
        result = runner.run(suite)
    finally:
        peers.stop_all()
    passed, failed, skipped = (result.count(outcome) for outcome in (PASSED, FAILED, SKIPPED))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    # A module without tests must not look like success.
    sys.exit(1 if failed or not result.outcomes else 0)


main()
