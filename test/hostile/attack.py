"""Attacks our programs and Go's, and measures: attack.py [NAME ...] [OPTIONS] (README.md)."""

import argparse
import dataclasses
import fnmatch
import json
import math
import os
import pathlib
import resource
import statistics
import sys

sys.dont_write_bytecode = True  # the sources stay as they are
HERE = pathlib.Path(__file__).resolve().parent
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
    parser.add_argument("--json", metavar="FILE", help="the figures as JSON, too")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--no-go", action="store_true", help="only ours")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each attack lasts")
    parser.add_argument("--runs", type=int, default=1, help="the median of so many")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    return parser.parse_args()


def chosen(names):
    """Pairs of an attack and a target."""
    for attack in suite.ATTACKS.values():
        for target in attack.targets:
            words = (attack.name, attack.group, target, f"{attack.name}@{target}")
            if not names or any(fnmatch.fnmatch(word, name) for name in names for word in words):
                yield attack, target


class Controls:
    """Controls, each measured once: for so many bytes a second, rounded up to a power of two."""

    def __init__(self, seconds):
        self._seconds, self._known = seconds, {}

    def __call__(self, kind, whose, tls, rate):
        rate = 2 ** math.ceil(math.log2(max(rate, 1024)))
        key = kind, whose, tls, rate
        if key not in self._known:
            self._known[key] = experiment.beside_control(kind, whose, tls, rate, self._seconds)
        return self._known[key]


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


def print_table(options):
    controls = Controls(options.seconds)
    print(table.HEAD, flush=True)
    figures = []
    for attack, kind in chosen(options.names):
        tls = options.tls or attack.tls_only
        for whose in ("ours",) if options.no_go or kind not in targets.GO else ("ours", "go"):
            try:
                runs = [
                    experiment.run(attack, kind, whose, tls, options.seconds, 1.0, controls)
                    for _ in range(options.runs)
                ]
            except targets.Missing as missing:
                print(f"SKIPPED: {attack.name}@{kind}: {missing}", file=sys.stderr)
                continue
            result = median(runs)
            found = {**bounds.breaches(attack, result), **bounds.late(attack, result)}
            name = kind if whose == "ours" else targets.GO[kind]
            print(table.row(attack.name, name, result, found), flush=True)
            figures.append({"attack": attack.name, "target": name, "breaches": found,
                            **dataclasses.asdict(result)})  # fmt: skip
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures else 1


def smoke(options):
    """Ends with the line "N passed, N failed, N skipped"; each pair of attack and target counts."""
    passed = failed = 0
    for attack, kind in chosen(options.names):
        tls = options.tls or attack.tls_only
        result = experiment.run(attack, kind, "ours", tls, min(options.seconds, 0.5), 0.1)
        found = bounds.breaches(attack, result)
        known = known_failures.KNOWN_FAILURES.get((attack.name, kind), {})
        for bound in set(known) - set(found):
            print(f"HOLDS NOW: {attack.name}@{kind}: {bound}, which known_failures.py has")
        new = {bound: text for bound, text in found.items() if bound not in known}
        passed, failed = passed + (not new), failed + bool(new)
        outcome = "FAILED" if new else "known to fail" if found else "ok"
        print(f"{outcome}: {attack.name}@{kind}: + {table.size(result.growth)}, log "
              f"{table.size(result.log)}, sent {table.size(result.sent)}", *found.values(),
              sep="; ", flush=True)  # fmt: skip
    print(f"{passed} passed, {failed} failed, 0 skipped", flush=True)
    return 1 if failed or not passed else 0


def main():
    options = arguments()
    programs_of(options.build)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # attackers have many connections
    global bounds, experiment, known_failures, suite, table, targets
    import attacks
    import bounds, experiment, known_failures, suite, table, targets
    if options.list:
        for attack in suite.ATTACKS.values():
            print(f"{attack.name} ({', '.join(attack.targets)}): {attack.text}")
        print(f"{len(suite.ATTACKS)} attacks, {len(list(chosen([])))} with each target")
        return 0
    try:
        return smoke(options) if options.smoke else print_table(options)
    finally:
        experiment.peers.stop_all()


if __name__ == "__main__":
    sys.exit(main())
