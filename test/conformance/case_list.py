"""What the Python half reads of the case files: names, statements, departures.

The C++ half (case_file.cpp) reads all of a case and is strict about it.
"""

import pathlib
import re
import sys

SAYS = re.compile(
    r"^(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY|must not|must|should not|should|may|is): (\S.*)$"
)
NAME = re.compile(r"^(2(?:\.\d+)*)/[a-z0-9-]+$")
# What a case can be found wrong for.
EXPECTATIONS = {"out", "told", "refused", "because", "ends", "over", "window", "grants"}


class Case:
    def __init__(self, path, line, name):
        self.path, self.line, self.name = path, line, name
        self.strength = self.statement = self.departure = None
        self.expects = False

    @property
    def section(self):
        return NAME.match(self.name)[1]


def fail(path, line, what):
    sys.exit(f"{path}:{line}: {what}")


def read(paths):
    cases, seen = [], set()
    for path in sorted(map(pathlib.Path, paths)):
        current = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            verb, _, rest = line.partition(" ")
            rest = rest.strip()
            if verb == "case":
                if not NAME.match(rest):
                    fail(path, number, "a case is named SECTION/what-it-shows")
                if rest in seen:
                    fail(path, number, f"'{rest}' is there twice")
                if not path.name.startswith(NAME.match(rest)[1] + "-"):
                    fail(path, number, "the case belongs into the file of its section")
                seen.add(rest)
                current = Case(path, number, rest)
                cases.append(current)
            elif verb == "says":
                match = SAYS.match(rest)
                if not match:
                    fail(path, number, "says STRENGTH: statement")
                current.strength, current.statement = match.groups()
            elif verb == "departs":
                current.departure = rest
            elif verb in EXPECTATIONS:
                current.expects = True
    for case in cases:
        if case.statement is None:
            fail(case.path, case.line, "the case says nothing")
        if not case.expects:
            fail(case.path, case.line, "the case expects nothing")
    if not cases:
        sys.exit("there are no cases")
    return cases
