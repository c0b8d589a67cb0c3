"""Attacks our programs and Go's, and measures: attack.py [NAME ...] [OPTIONS] (README.md)."""

import argparse
import concurrent.futures
import dataclasses
import fnmatch
import functools
import json
import math
import multiprocessing
import os
import pathlib
import resource
import statistics
import sys
import time

sys.dont_write_bytecode = True  # the sources stay as they are
HERE = pathlib.Path(__file__).resolve().parent
AT_ONE_TIME = 4
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]


def programs_of(build):
    """Where the build has the programs; meson passes the same variables to the tests."""
    build = build.resolve()
    for name, path in (
        ("UVSPDY_ECHO_PEER", "test/interop/echo-peer"),
        ("UVSPDY_ECHO_TIMER", "test/hostile/echo-timer"),
        ("UVSPDY_COMMAND", "tools/uvspdy"),
        ("UVSPDY_INTEROP_BUILD", "test/interop"),
    ):
        os.environ.setdefault(name, str(build / path))


def arguments():
    parser = argparse.ArgumentParser(prog="tools/dev attack", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks, NAME@TARGET, or groups")
    parser.add_argument("--list", action="store_true", help="say which attacks there are")
    parser.add_argument("--smoke", action="store_true", help="a short form, as a test")
    parser.add_argument("--target", metavar="URL", help="a server that runs already")
    parser.add_argument("--pid", type=int, help="its process, if it is of this machine")
    parser.add_argument("--json", metavar="FILE", help="the figures as JSON, too")
    parser.add_argument("--resume", action="store_true", help="keep the figures that --json has")
    parser.add_argument("--write", metavar="FILE", help="the table into this document, too")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--no-go", action="store_true", help="only ours")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each attack lasts")
    parser.add_argument("--runs", type=int, default=1, help="the median of so many")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    return parser.parse_args()


def asked():
    """The arguments that say what is measured."""
    kept, words = [], iter(sys.argv[1:])
    for word in words:
        if word in ("--build", "--json", "--write"):
            next(words)
        elif word != "--resume":
            kept.append(word)
    return kept


def chosen(options):
    """Pairs of an attack and the kind of its target."""
    running = targets.Running(options.target) if options.target else None
    for attack in suite.ATTACKS.values():
        for kind in attack.targets:
            words = (attack.name, attack.group, kind, f"{attack.name}@{kind}")
            wanted = not options.names or any(
                fnmatch.fnmatch(word, name) for name in options.names for word in words
            )
            if wanted and (not running or (kind == running.kind and fits(attack, running))):
                yield attack, kind


def fits(attack, running):
    return running.tls or not attack.tls_only


class Controls:
    """Controls, each measured once: for so many bytes a second, rounded up to a power of two."""

    def __init__(self, seconds):
        self._seconds, self._known = seconds, {}

    def of(self, start):
        """For the target that start() makes: a function of bytes a second."""

        def control(rate):
            rate = 2 ** math.ceil(math.log2(max(rate, 1024)))
            key = start.args, rate
            if key not in self._known:
                self._known[key] = experiment.beside_control(start, rate, self._seconds)
            return self._known[key]

        return control


def median(results):
    """Field by field; what is no number is that of the first run that failed, or of the first."""
    first = next((result for result in results if result.failure), results[0])
    fields = {}
    for field in dataclasses.fields(first):
        values = [getattr(result, field.name) for result in results]
        if isinstance(values[0], (int, float)) and not isinstance(values[0], bool):
            fields[field.name] = statistics.median(values)
        elif field.name in ("quiet", "echo", "control") and all(values):
            fields[field.name] = tuple(map(statistics.median, zip(*values)))
    return dataclasses.replace(first, **fields)


def peers_of(attack, kind, options):
    """Whom the attack is on: ours, and Go's where there is one."""
    if options.target:
        return (options.target,)
    if kind == suite.PROGRAM:
        there_is_one = attack.go
    else:  # Go's echo server has no TLS
        there_is_one = kind in targets.GO and not (options.tls and kind == suite.ECHO)
    return ("ours", "go") if there_is_one and not options.no_go else ("ours",)


def starter(attack, kind, whose, options):
    """A function without arguments that makes the target."""
    if options.target:
        return functools.partial(targets.Running, options.target, options.pid)
    return functools.partial(targets.Target, kind, whose, options.tls or attack.tls_only)


def measured(attack, kind, whose, options, controls):
    """The figures, the bounds that do not hold, and the row of the table."""
    if kind == suite.PROGRAM:
        outcome = victim.run(attack, whose, options.seconds)
        found = bounds.breaches_of_program(attack, outcome)
        name = attack.group if whose == "ours" else "kubectl"
        return outcome, found, table.program_row(attack.name, name, outcome, found)
    start = starter(attack, kind, whose, options)
    runs = [
        experiment.run(attack, start, options.seconds, 1.0, controls.of(start))
        for _ in range(options.runs)
    ]
    result = median(runs)
    found = {**bounds.breaches(attack, result), **bounds.late(attack, result)}
    name = {"ours": kind, "go": targets.GO.get(kind)}.get(whose, whose)
    name += ", TLS" if options.tls or attack.tls_only else ""
    return result, found, table.row(attack.name, name, result, found)


class Figures:
    """What was measured, and how, in the file of --json, if there is one."""

    def __init__(self, options):
        self._file = pathlib.Path(options.json) if options.json else None
        self._how = {name: getattr(options, name) for name in ("target", "tls", "seconds", "runs")}
        self._all = []
        if options.resume and self._file and self._file.exists():
            known = json.loads(self._file.read_text(encoding="utf-8"))
            if known["how"] != self._how:
                sys.exit(f"attack: {self._file} was measured with {known['how']}, not {self._how}")
            self._all = known["figures"]

    def row_of(self, attack, kind, whose):
        """The row of the table, if it is known."""
        for each in self._all:
            if (each["attack"], each["kind"], each["whose"]) == (attack.name, kind, whose):
                return each["row"]
        return None

    def add(self, attack, kind, whose, result, breaches, row):
        pair = {"attack": attack.name, "kind": kind, "whose": whose, "row": row}
        self._all.append({**pair, "breaches": breaches, **dataclasses.asdict(result)})
        if self._file:
            new = self._file.with_name(self._file.name + ".new")
            text = json.dumps({"how": self._how, "figures": self._all}, indent=1)
            new.write_text(text + "\n", encoding="utf-8")
            new.replace(self._file)


def print_table(options):
    controls, figures, head, lines = Controls(options.seconds), Figures(options), None, []
    if options.write:
        page.place_of(pathlib.Path(options.write).read_text(encoding="utf-8"))  # before the hours

    def show(text):
        print(text, flush=True)
        lines.extend(text.split("\n"))

    for attack, kind in chosen(options):
        wanted = table.PROGRAM_HEAD if kind == suite.PROGRAM else table.HEAD
        if wanted != head:
            show(("\n" if head else "") + wanted)
            head = wanted
        for whose in peers_of(attack, kind, options):
            row = figures.row_of(attack, kind, whose)
            if row is None:
                try:
                    result, found, row = measured(attack, kind, whose, options, controls)
                except (targets.Missing, victim.Missing) as missing:
                    print(f"SKIPPED: {attack.name}@{kind}: {missing}", file=sys.stderr)
                    continue
                figures.add(attack, kind, whose, result, found, row)
            show(row)
    rows = [line for line in lines if line.startswith("| `")]
    if options.write and rows:
        document = pathlib.Path(options.write)
        text = document.read_text(encoding="utf-8")
        document.write_text(page.with_tables(text, asked(), lines), encoding="utf-8")
    return 0 if rows else 1


def smoke_one(attack, kind, options):
    """The bounds that do not hold, and a few figures as a text."""
    if kind == suite.PROGRAM:
        outcome = victim.run(attack, "ours", 1.0)
        figures = f"{outcome.seconds:.1f} s, exit code {outcome.code}"
        figures += f", + {table.size(outcome.growth)}"
        return bounds.breaches_of_program(attack, outcome), figures
    result = experiment.run(attack, starter(attack, kind, "ours", options), 0.5, 0.1)
    figures = f"+ {table.size(result.growth)}, log {table.size(result.log)}"
    figures += f", sent {table.size(result.sent)} on {result.connections} connections"
    return bounds.breaches(attack, result), figures


def smoke_outcome(pair, options):
    attack, kind = pair
    begun = time.monotonic()
    try:
        found, figures = smoke_one(suite.ATTACKS[attack], kind, options)
    except AssertionError as error:
        found, figures = {"alive": str(error)}, "not measured"
    finally:
        experiment.peers.stop_all()
    return found, f"{figures}, took {time.monotonic() - begun:.1f} s"


def smoke(options):
    """Ends with the line "N passed, N failed, N skipped"; each pair of attack and target counts.

    Some attacks run at one time: most of their time they wait for what they have left to be gone.
    """
    passed = failed = 0
    pairs = [(attack.name, kind) for attack, kind in chosen(options)]
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(AT_ONE_TIME, mp_context=fork) as workers:
        outcomes = workers.map(functools.partial(smoke_outcome, options=options), pairs)
        for (name, kind), (found, figures) in zip(pairs, outcomes):
            new = report_smoke(f"{name}@{kind}", (name, kind), found, figures)
            passed, failed = passed + (not new), failed + bool(new)
    print(f"{passed} passed, {failed} failed, 0 skipped", flush=True)
    return 1 if failed or not passed else 0


def report_smoke(title, pair, found, figures):
    """Prints a line, and returns the bounds that do not hold and are not known to fail."""
    if os.environ.get("UVSPDY_SANITIZERS", "none") != "none":
        found.pop("memory", None)  # sanitizers keep what was freed
    known = known_failures.KNOWN_FAILURES.get(pair, {})
    for bound in sorted(set(known) - set(found)):
        print(f"HOLDS NOW: {title}: {bound}, which known_failures.py has")
    new = set(found) - set(known)
    outcome = "FAILED" if new else "known to fail" if found else "ok"
    print(f"{outcome}: {title}: {figures}", *found.values(), sep="; ", flush=True)
    return new


def main():
    options = arguments()
    if options.resume and not options.json:
        sys.exit("attack: --resume needs --json FILE, where the figures are")
    programs_of(options.build)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # attackers have many connections
    global bounds, experiment, known_failures, page, suite, table, targets, victim
    import attacks
    import bounds, experiment, known_failures, page, suite, table, targets, victim
    if options.list:
        for attack in suite.ATTACKS.values():
            print(f"{attack.name} ({', '.join(attack.targets)}): {attack.text}")
        print(f"{len(suite.ATTACKS)} attacks, {len(list(chosen(options)))} with each target")
        return 0
    try:
        return smoke(options) if options.smoke else print_table(options)
    finally:
        experiment.peers.stop_all()


if __name__ == "__main__":
    sys.exit(main())
