"""The table of docs/kubernetes.md: who with whom, and what became of each operation.

A test that is one cell of it says so by `@cell("exec -it")`. What became of it is written into the
build folder, from where make_matrix.py makes the table, and compared with the table that is there.
With UVSPDY_WRITE_MATRIX=1 in the environment it is not compared: the table is about to be made.
"""

import functools
import json
import os
import pathlib
import re

OPERATIONS = ["exec", "exec -i", "exec -it", "attach", "attach -it", "cp", "port-forward"]
PASSED, FAILED, NOT_POSSIBLE = "passed", "failed", "not possible"

BEGIN, END = "<!-- written by the tests: begin -->", "<!-- end -->"
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/kubernetes.md"


def folder():
    return pathlib.Path(os.environ["UVSPDY_INTEROP_BUILD"]) / "matrix"


def short(protocol):
    """As the table has it."""
    return protocol.removesuffix(".channel.k8s.io") if protocol[0] == "v" else "v1"


class Row:
    """A client, a server, and the version of remotecommand that they speak."""

    def __init__(self, client, server, protocol):
        self.names = (client, server, short(protocol))

    def __str__(self):
        return " | ".join(self.names)

    def write(self, operation, outcome, why=None):
        words = [*self.names, operation]
        name = re.sub(r"[^\w.]+", "-", " ".join(words)).strip("-")
        folder().mkdir(parents=True, exist_ok=True)
        record = {"row": self.names, "operation": operation, "outcome": outcome, "why": why}
        (folder() / f"{name}.json").write_text(json.dumps(record))


class Table:
    """What docs/kubernetes.md says."""

    def __init__(self, text=None):
        text = DOCUMENT.read_text() if text is None else text
        begin, end = text.index(BEGIN), text.index(END)
        self.rows, self.notes = {}, {}
        for line in text[begin:end].splitlines():
            if line.startswith("| ") and not line.startswith("| client |"):
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                self.rows[tuple(cells[:3])] = dict(zip(OPERATIONS, cells[3:]))
            note = re.match(r"(\d+)\. (.*)\.$", line)
            if note:
                self.notes[note[1]] = note[2]

    def cell(self, names, operation):
        """The outcome and why, or None."""
        text = self.rows.get(tuple(names), {}).get(operation)
        if text is None:
            return None
        outcome, number = re.fullmatch(r"(.*?)(?: \((\d+)\))?", text).groups()
        return outcome, self.notes.get(number)


@functools.lru_cache(maxsize=None)
def committed():
    return Table()


def compare(row, operation, outcome, why=None):
    """Fails if the table says otherwise. A version of kubectl that it lacks must do all."""
    if os.environ.get("UVSPDY_WRITE_MATRIX") == "1":
        return
    there = committed().cell(row.names, operation)
    if there is None and row.names[0].startswith("kubectl "):
        there = (PASSED, why)
    if there != (outcome, why):
        raise AssertionError(
            f"docs/kubernetes.md has {there} for {row}, {operation}; it is {(outcome, why)}: "
            "`tools/dev docs` writes the table anew"
        )


def cell(operation):
    """Of a test of a class that has `row()`, and `notes()` for what an operation lacks."""

    def decorate(test):
        @functools.wraps(test)
        def run(self):
            try:
                test(self)
            except Exception as error:
                if not isinstance(error, self.skipped):
                    self.row().write(operation, FAILED, (str(error) or repr(error)).splitlines()[0])
                raise
            why = self.notes().get(operation)
            self.row().write(operation, PASSED, why)
            compare(self.row(), operation, PASSED, why)

        run.operation = operation
        return run

    return decorate


def operations(case):
    """The test of each operation that a test case has."""
    tests = (getattr(case, name) for name in dir(case) if name.startswith("test_"))
    return {test.operation: test for test in tests if hasattr(test, "operation")}
