"""Adds up what the tests of one or more meson build directories counted (their testlog.json).

Each test program ends with "N passed, N failed, N skipped"; one that died before that counts as
one failure. Prints the sum in the same form and exits with 1 when anything failed or, with
--strict, was skipped.
"""

import json
import re
import sys

RESULT = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


def main():
    strict = "--strict" in sys.argv[1:]
    passed = failed = skipped = 0
    for log in (argument for argument in sys.argv[1:] if argument != "--strict"):
        with open(log, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines]
        for test in tests:
            output = test.get("stdout", "")
            for reason in re.findall(r"^SKIPPED: .*$", output, re.MULTILINE):
                print(reason)
            counts = RESULT.findall(output)
            ok = test["result"] == "OK"
            if counts:
                p, f, s = (int(count) for count in counts[-1])
                passed, skipped = passed + p, skipped + s
                # A program that fails after counting no failure has failed all the same: a leak,
                # a sanitizer's report, a crash at its end.
                failed += f if f or ok else 1
            elif ok:
                print(f"{test['name']}: passed without counting its cases")
                failed += 1
            else:
                print(f"{test['name']}: {test['result']} before it had counted its cases")
                failed += 1
    if strict and skipped:
        print("--strict: what is skipped counts as failed")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if passed + failed == 0 or failed or (strict and skipped):
        sys.exit(1)


main()
