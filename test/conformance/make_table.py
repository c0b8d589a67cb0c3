"""Writes docs/conformance.md from the cases: make_table.py [--check] DOCUMENT FILE ...

With --check it only says whether the document is what it would write, and ends with
"N passed, N failed, N skipped".
"""

import difflib
import pathlib
import sys

import case_list

HEAD = """\
# Conformance

What sections 2.2 to 2.6 of the SPDY/3.1 specification ask of an endpoint, and the case that shows
what this library does. Made from `test/conformance/cases` by `tools/dev docs`; a test fails when
the two differ.

The statements are in our words. *must*, *should* and *may* in small letters are the
specification's, too; *is* stands for what it says without any of them. A statement about sending
is shown by a user who tries it, one about receiving by a peer that does it right or wrong.

{cases} cases, {departing} of them for departures.
"""

SECTIONS = {
    "2.2": "Framing",
    "2.3": "Streams",
    "2.4": "Error handling",
    "2.5": "Data flow",
    "2.6": "Control frames",
}

NOT_SHOWN = """\
## Not shown

| section | the specification says | why there is no case |
|---|---|---|
| 2.6.5 | may: use PING ids again once 2^31 have been sent | it would take 2^31 PINGs |
| 2.6.8 | is: intermediaries do not forward WINDOW_UPDATE | this is an endpoint |
"""


def cell(text):
    return text.replace("|", "\\|")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def document(cases):
    cases = sorted(cases, key=lambda case: [int(part) for part in case.section.split(".")])
    departing = [case for case in cases if case.departure]
    parts = [HEAD.format(cases=len(cases), departing=len(departing))]
    parts.append("## Departures\n")
    parts.append("Deliberate ones; each case shows what is done instead.\n")
    parts.append(
        table(
            ["section", "the specification says", "what we do, and why", "case"],
            [
                [c.section, f"{c.strength}: {c.statement}", c.departure, f"`{c.name}`"]
                for c in departing
            ],
        )
    )
    parts.append(NOT_SHOWN)
    for number, title in SECTIONS.items():
        rows = [
            [
                case.section,
                case.strength,
                case.statement + (" (we depart)" if case.departure else ""),
                "`" + case.name.split("/")[1] + "`",
            ]
            for case in cases
            if case.section == number or case.section.startswith(number + ".")
        ]
        parts.append(f"## {number} {title}\n")
        parts.append(table(["section", "strength", "the specification says", "case"], rows))
    return "\n".join(parts)


def main():
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    path, *files = arguments[check:]
    path = pathlib.Path(path)
    text = document(case_list.read(files))
    if not check:
        path.write_text(text, encoding="utf-8")
        return
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if there == text:
        print("1 passed, 0 failed, 0 skipped")
        return
    print(*difflib.unified_diff(there.splitlines(), text.splitlines(), lineterm=""), sep="\n")
    print(f"{path} is not what the cases say; tools/dev docs writes it anew")
    print("0 passed, 1 failed, 0 skipped")
    sys.exit(1)


main()
