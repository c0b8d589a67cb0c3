"""Writes one Catch2 test case for each case of the case files: make_tests.py OUTPUT FILE ..."""

import sys

import case_list


def main():
    output, files = sys.argv[1], sys.argv[2:]
    lines = ["// Made by make_tests.py.", '#include "conformance/case_runner.h"', ""]
    for case in case_list.read(files):
        path = case.path.resolve().as_posix()
        lines.append(f'TEST_CASE("{case.name}", "[conformance]") {{')
        lines.append(f'  uvspdy::test::run_case("{path}", "{case.name}");')
        lines.append("}")
    with open(output, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


main()
