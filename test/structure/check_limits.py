"""The limits in docs/security.md and those in the code: check_limits.py ROOT PRINT_LIMITS UVSPDY.

PRINT_LIMITS prints the options and constants of the public headers with their defaults; constants
of the sources are read there, and flags with a number in the help of UVSPDY. Each has a row with
its default, a reason and what happens past it, and each row is one of them. Ends with "N passed, N
failed, N skipped", counted in checks.
"""

import pathlib
import re
import subprocess
import sys

PAGE = "docs/security.md"
# | `name` (`file`) | default | reason | past it |
ROW = re.compile(r"^\| `([^`]+)`(?: \(`([^`]+)`\))? \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
# Other pages that name some of them in a table: the page, the table's section.
OTHERS = {"docs/networking.md": "Limits of a server"}
NAMED = re.compile(r"^\| `(?:\w+::)?(\w+)`[^|]*\| ([^|]+) \|", re.M)
NUMBER = re.compile(r"\b(\d[\d,]*)(?: (KiB|MiB|µs|ms|s|min|h)\b)?")
UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2}
MILLISECONDS = {"µs": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
# Options that are no limits of what others may do, and numbers that the protocol fixes.
NO_LIMITS = {
    "session::Options::first_stream_id",
    "session::CreateOptions::priority",
    "session::CreateOptions::associated_to",
    "wire::kMaxFrameLength",
    "wire::kMaxStreamId",
    "wire::kMaxWindow",
}
CONSTANT = re.compile(
    r"constexpr ([\w:]+) "
    r"(k(?:\w*(?:Max|Most|Longest|Largest|Limit|ShownLines|Timeout|Linger|TimeTo)\w*|\w+Per(?:Turn|Call)))"
    r"(?: = ([^;]+)|\{([^}]+)\});"
)
# Constants of such names that bound nothing a peer sends: the system's limits, the protocols', and
# how long or how much the code does at once.
NO_LIMITS_OF_PEERS = {
    "lib/core/headers.cpp:kMost",
    "lib/core/token_bucket.h:kLongest",
    "lib/httpstream/connection.cpp:kLongestTimer",
    "lib/httpstream/response_reader.cpp:kLargestReserve",
    "lib/httpstream/socks5.cpp:kMaxLength",
    "lib/httpstream/transport_ends.cpp:kLongestLook",
    "lib/httpstream/transport_ends.cpp:kMostAtOnce",
    "lib/httpstream/url.cpp:kMaxPath",
    "lib/kube/protocol/status.cpp:kLargestCode",
    "lib/kube/server/streaming_tokens.h:kLongest",
    "lib/net/address.cpp:kMaxSocketPath",
    "lib/net/stream_transport.cpp:kLargestWrite",
    "lib/session/output_batch.h:kMaxBytes",
    "lib/session/output_batch.h:kMaxSpans",
    "lib/session/round_trips.h:kLongest",
    "lib/session/window.cpp:kLeastLongest",
    "lib/session/window.cpp:kLongest",
    "lib/wire/header_compression.cpp:kLargestBlock",
    "lib/wire/header_compression.cpp:kLargestPiece",
    "lib/wire/header_compression.cpp:kMostPadding",
    "tools/uvspdy/command_line/help.cpp:kMostWidth",
    "tools/uvspdy/command_line/nearest.cpp:kLongest",
    "tools/uvspdy/command_line/nearest.cpp:kMostChanges",
    "tools/uvspdy/cp/pack.h:kMaxOutwardLinks",
    "tools/uvspdy/cp/pod.cpp:kLongestWork",
    "tools/uvspdy/cp/upload.cpp:kMostBytes",
    "tools/uvspdy/flags/size.cpp:kMost",
    "tools/uvspdy/flags/timeout.cpp:kLongest",
    "tools/uvspdy/line_writer.cpp:kMaxWrite",
    "tools/uvspdy/loop.cpp:kMost",
    "tools/uvspdy/port_forward/port_forward.cpp:kLongestDelay",
}
WITH_UNIT = re.compile(r"std::chrono::(\w+)\((\d+)\)")
DURATION = {"microseconds": 0.001, "milliseconds": 1, "seconds": 1000, "minutes": 60_000}
COMMANDS = ("serve", "exec", "attach", "port-forward", "cp", "dump")
FLAG = re.compile(r"^ +(?:-\w, )?(--[\w-]+) \w+(?::\w+)?=(-?\d+)\s", re.M)


def numbers_of_text(text):
    """The values of "8 MiB a second, 16 MiB at once", "0600", "30 s" (in milliseconds), "none"."""
    if text == "none":
        return ["none"]
    return [
        int(digits, 8)
        if re.fullmatch(r"0[0-7]+", digits)
        else int(digits.replace(",", "")) * (MILLISECONDS | UNITS)[unit]
        for digits, unit in NUMBER.findall(text)
    ]


def numbers_of_code(printed):
    """The same of what PRINT_LIMITS prints: "16384", "30000 ms", "20000/s 40000", "none"."""
    return ["none"] if printed == "none" else [int(each) for each in re.findall(r"\d+", printed)]


def value_of(kind, expression, constants):
    """A constant's value, of its type and its expression: 64 * 1024, 2 * kMaxKubeconfigSize."""
    if match := WITH_UNIT.fullmatch(expression):
        kind, expression = match.groups()
    text = re.sub(r"(?<=\d)'(?=\d)", "", expression)
    text = re.sub(r"\bk\w+", lambda match: str(constants[match[0]]), text)
    if not re.fullmatch(r"[\d\s*+()]+", text):
        raise ValueError(f"the value of {expression!r} is not known here")
    return eval(text) * DURATION.get(kind.rpartition("::")[2], 1)


class Limits:
    """Those of the code: {name: the numbers of its default}."""

    def __init__(self, root, program, command):
        self.of_headers = dict(line.split(" ", 1) for line in self._output(program).splitlines())
        self.of_sources = dict(self._constants(root))
        self.of_flags = {
            f"{name} {flag}": [int(default)]
            for name in COMMANDS
            for flag, default in FLAG.findall(self._output(command, name, "--help"))
        }
        self.all = {name: numbers_of_code(value) for name, value in self.of_headers.items()}
        self.all |= self.of_sources | self.of_flags
        for name in NO_LIMITS | NO_LIMITS_OF_PEERS:
            self.all.pop(name, None)

    @staticmethod
    def _output(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _constants(self, root):
        known = {name.rpartition("::")[2]: value for name, value in self.of_headers.items()}
        for path in sorted([*root.glob("lib/**/*"), *root.glob("tools/uvspdy/**/*")]):
            if path.suffix not in (".h", ".cpp"):
                continue
            file = path.relative_to(root).as_posix()
            for kind, name, value, braced in CONSTANT.findall(path.read_text(encoding="utf-8")):
                if f"{file}:{name}" not in NO_LIMITS_OF_PEERS:
                    yield f"{file}:{name}", [value_of(kind, value or braced, known)]


def section(text, title):
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def rows(text):
    """(name, default, reason, what happens past it) of each row of the tables of limits."""
    for name, file, *cells in ROW.findall(section(text, "Limits")):
        yield (f"{file}:{name}" if file else name, *(cell.strip() for cell in cells))


def problems(table, limits):
    """{check: what does not hold}."""
    defaults = {name: default for name, default, *_ in table}
    names = [name for name, *_ in table]
    return {
        "each limit has a row": [
            f"{PAGE} has no row of {name}, whose default is {default}"
            for name, default in limits.items()
            if name not in defaults
        ],
        "each row is a limit": [
            f"{PAGE}: there is no limit {name}" for name in defaults if name not in limits
        ],
        "each default is that of the code": [
            f"{PAGE}: {name}: {default}, but in the code {limits[name]}"
            for name, default in defaults.items()
            if name in limits and numbers_of_text(default) != limits[name]
        ],
        "no limit has two rows": sorted({name for name in names if names.count(name) > 1}),
    }


def wrong_elsewhere(text, limits):
    """Defaults in a table of another page, which names limits without their struct."""
    for name, default in NAMED.findall(text):
        known = [numbers for limit, numbers in limits.items() if limit.endswith("::" + name)]
        if known and numbers_of_text(default)[:1] not in known:
            yield f"{name}: {default}, but in the code {' or '.join(map(str, known))}"


def main():
    root = pathlib.Path(sys.argv[1])
    page = (root / PAGE).read_text(encoding="utf-8")
    limits = Limits(root, *sys.argv[2:]).all
    found = problems(list(rows(page)), limits)
    for other, title in OTHERS.items():
        text = section((root / other).read_text(encoding="utf-8"), title)
        found[f"{other} has the same defaults"] = list(wrong_elsewhere(text, limits))
    for check, texts in found.items():
        print(f"{check}: {'FAILED' if texts else 'ok'}")
        for text in texts:
            print(f"  {text}")
    failed = sum(map(bool, found.values()))
    print(f"{len(found) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
