"""Writes a document's table from what the tests have left: make_matrix.py DOCUMENT FOLDER

FOLDER is `matrix` in the build folder of the tests. Rows that it does not have are gone from the
table; an operation that was not tried is an error.
"""

import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # the sources stay as they are

import matrix

SERVERS = ["uvspdy serve", "`UpgradeAwareHandler`", "cri-streaming"]
CLIENTS = ["kubectl", "client-go", "uvspdy"]
PROTOCOLS = ["v4", "v3", "v2", "v1"]


def place(names):
    """Sorts by server, client, version and protocol."""
    client, server, protocol = names
    kind = next(at for at, name in enumerate(CLIENTS) if client.startswith(name))
    where = next(at for at, name in enumerate(SERVERS) if server.startswith(name))
    version = [int(number) for number in re.findall(r"\d+", client)]
    return where, kind, version, client, PROTOCOLS.index(protocol)


def read(folder):
    rows = {}
    for file in folder.glob("*.json"):
        record = json.loads(file.read_text())
        rows.setdefault(tuple(record["row"]), {})[record["operation"]] = record
    return rows


def cell(record, notes):
    if not record["why"]:
        return record["outcome"]
    if record["why"] not in notes:
        notes.append(record["why"])
    return f"{record['outcome']} ({notes.index(record['why']) + 1})"


def lines(rows):
    notes = []
    head = ["client", "server", "remotecommand", *matrix.OPERATIONS]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for names in sorted(rows, key=place):
        missing = [name for name in matrix.OPERATIONS if name not in rows[names]]
        if missing:
            sys.exit(f"make_matrix.py: {' | '.join(names)}: not tried: {', '.join(missing)}")
        cells = [cell(rows[names][name], notes) for name in matrix.OPERATIONS]
        yield f"| {' | '.join([*names, *cells])} |"
    yield ""
    yield from (f"{number}. {note}." for number, note in enumerate(notes, 1))


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make_matrix.py DOCUMENT FOLDER")
    document, folder = map(pathlib.Path, sys.argv[1:])
    rows = read(folder)
    if not rows:
        sys.exit(f"make_matrix.py: nothing in {folder}: have the tests been run?")
    text = document.read_text()
    before, rest = text.split(matrix.BEGIN)
    after = rest.split(matrix.END)[1]
    table = "\n".join(lines(rows))
    document.write_text(f"{before}{matrix.BEGIN}\n\n{table}\n\n{matrix.END}{after}")


main()
