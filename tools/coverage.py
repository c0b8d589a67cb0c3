"""The line coverage of floors 1 to 4 by their tests: coverage.py FOLDER GCOV.

FOLDER is a build with -Db_coverage=true whose test programs stand (`--targets FOLDER` prints which
they are). Each floor has a least share of its lines; below it is a failure.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The least share of lines of each floor, in percent.
LEAST = {"wire": 95, "session": 95, "net": 95, "httpstream": 95}
TARGET = re.compile(
    r"^(test/(?:wire|session|simulation|conformance|net|httpstream)/test-[a-z-]+): ", re.M
)
ENVIRONMENT = {"UVSPDY_TEST_SEEDS": "1000"}
LAST_LINES = 40


def test_programs(folder):
    done = subprocess.run(
        ["ninja", "-C", folder, "-t", "targets", "all"], check=True, capture_output=True, text=True
    )
    return TARGET.findall(done.stdout)


def run_tests(folder):
    for counts in pathlib.Path(folder).rglob("*.gcda"):  # what earlier runs counted
        counts.unlink()
    for program in test_programs(folder):
        log = pathlib.Path(folder, pathlib.Path(program).name + ".log")
        with open(log, "wb") as output:
            done = subprocess.run(
                [pathlib.Path(folder, program)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **ENVIRONMENT},
            )
        if done.returncode != 0:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            print("\n".join(lines[-LAST_LINES:]), file=sys.stderr)
            sys.exit(f"tools/dev: coverage: {program} failed")


def measure(folder, gcov):
    """gcovr's table on stdout, and its summary as an object."""
    summary = pathlib.Path(folder, "coverage.json")
    filters = [argument for floor in LEAST for argument in ("--filter", f"lib/{floor}/")]
    command = ["gcovr", "--root", ".", "--gcov-executable", gcov, "--object-directory", folder]
    command += [*filters, "--txt", "--json-summary", str(summary), folder]
    subprocess.run(command, check=True)
    return json.loads(summary.read_text(encoding="utf-8"))


def by_floor(summary):
    """floor: (lines that a test ran through, lines)."""
    floors = {floor: (0, 0) for floor in LEAST}
    for file in summary["files"]:
        floor = pathlib.PurePosixPath(file["filename"]).parts[1]
        covered, total = floors[floor]
        floors[floor] = (covered + file["line_covered"], total + file["line_total"])
    return floors


def verdicts(floors):
    """(a line to print, whether it is enough) for each floor."""
    for floor, (covered, total) in floors.items():
        percent = 100 * covered / total if total else 0
        enough = percent >= LEAST[floor]
        least = f"at least {LEAST[floor]} % wanted"
        yield f"lib/{floor}: {percent:.1f} % of {total} lines ({least})", enough


def main():
    os.chdir(ROOT)
    if sys.argv[1] == "--targets":
        print("\n".join(test_programs(sys.argv[2])))
        return
    folder, gcov = sys.argv[1:]
    run_tests(folder)
    failed = False
    for line, enough in verdicts(by_floor(measure(folder, gcov))):
        print(line if enough else f"{line}: TOO LITTLE")
        failed |= not enough
    if failed:
        sys.exit("tools/dev: coverage: a floor has less than its least share of lines")


if __name__ == "__main__":
    main()
