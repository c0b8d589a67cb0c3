"""The tables of attacks in a document: between two marks, where attack.py --write writes them."""

import datetime
import os
import platform
import re

BEGIN = "<!-- attacks: begin -->"
END = "<!-- attacks: end -->"
NOT_MEASURED = "Not measured yet."
PLACE = re.compile(f"(?<={re.escape(BEGIN)}\n).*(?=^{re.escape(END)}$)", re.M | re.S)
# What was measured, with what, when and where: the line above the tables.
MEASURED = re.compile(
    r"^Measured by `tools/dev attack( [^`]+)?` on \d{4}-\d\d-\d\d, \w+, \d+ processors?[:.]$"
)


class NoPlace(Exception):
    pass


def place_of(text):
    """What stands between the marks."""
    found = PLACE.findall(text)
    if len(found) != 1:
        raise NoPlace(f"there must be one line {BEGIN} and behind it one line {END}")
    return found[0]


def measured(arguments, today):
    """The line above the tables; the table is made with these arguments of `tools/dev attack`."""
    words = " ".join(["tools/dev attack", *arguments])
    count = os.cpu_count()
    processors = f"{count} processor" + ("s" if count != 1 else "")
    return f"Measured by `{words}` on {today}, {platform.machine()}, {processors}:"


def with_tables(text, arguments, lines, today=None):
    """The document with new tables, whose lines are given."""
    place_of(text)
    head = measured(arguments, today or datetime.date.today())
    return PLACE.sub(lambda _: "\n".join([head, "", *lines, ""]), text)


def problem(text, heads):
    """What is wrong with the document's tables, each of which has one of these heads; or None."""
    try:
        place = place_of(text)
    except NoPlace as why:
        return str(why)
    if place.strip() == NOT_MEASURED:
        return None
    first, *blocks = place.strip("\n").split("\n\n")
    if not MEASURED.match(first):
        return f"the first line is {first!r}"
    if not blocks:
        return "there is no table"
    for block in blocks:
        head = next((head for head in heads if block.startswith(head + "\n")), None)
        if head is None:
            return f"a table begins with {block.splitlines()[0]!r}"
        columns = head.splitlines()[0].count("|")
        for row in block.splitlines()[2:]:
            if not row.startswith("| `") or row.replace("\\|", "").count("|") != columns:
                return f"a row that is none of its table: {row!r}"
    return None
