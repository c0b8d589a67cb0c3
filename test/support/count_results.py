"""Adds up what the tests of one or more meson build directories counted (their testlog.json).

Each test program ends with "N passed, N failed, N skipped"; one that died before that counts as
one failure. Prints the sum in the same form and exits with 1 when anything failed or, with
--strict, was skipped. Before the sum stands the end of what each failed program printed, so that
the end of a long log says what is wrong.
"""

import json
import re
import sys

RESULT = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
LINES_OF_A_FAILURE = 40
FAILURES_WITH_LINES = 5


def last_lines(test):
    lines = []
    for stream in ("stdout", "stderr"):
        printed = test.get(stream, "").splitlines()
        if len(printed) > LINES_OF_A_FAILURE:
            lines.append(f"  [{len(printed) - LINES_OF_A_FAILURE} lines of {stream} before]")
        lines += ["  " + line[:200] for line in printed[-LINES_OF_A_FAILURE:]]
    return lines


def main():
    strict = "--strict" in sys.argv[1:]
    passed = failed = skipped = 0
    failures = []
    for log in (argument for argument in sys.argv[1:] if argument != "--strict"):
        with open(log, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines]
        for test in tests:
            output = test.get("stdout", "")
            for reason in re.findall(r"^SKIPPED: .*$", output, re.MULTILINE):
                print(reason)
            counts = RESULT.findall(output)
            ok = test["result"] == "OK"
            failed_before = failed
            how = test["result"]
            if counts:
                p, f, s = (int(count) for count in counts[-1])
                passed, skipped = passed + p, skipped + s
                # A program that fails after counting no failure has failed all the same: a leak,
                # a sanitizer's report, a crash at its end.
                failed += f if f or ok else 1
            elif ok:
                how = "passed without counting its cases"
                failed += 1
            else:
                how += " before it had counted its cases"
                failed += 1
            if failed > failed_before:
                failures.append((f"FAILED: {test['name']}: {how}", last_lines(test)))
    for number, (name, lines) in enumerate(failures):
        print(name)
        if number < FAILURES_WITH_LINES:
            print(*lines, sep="\n")
    if strict and skipped:
        print("--strict: what is skipped counts as failed")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if passed + failed == 0 or failed or (strict and skipped):
        sys.exit(1)


main()
