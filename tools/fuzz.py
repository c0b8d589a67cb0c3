"""Runs the libFuzzer programs one after another: fuzz.py [NAME ...] [SECONDS] [--check].

They are in build-fuzz, where `tools/dev fuzz` builds them. A line for each says what it did, or what
it found and how that is seen again. Exits with 1 when one of them found something. --check only
looks whether the names are those of fuzzers.

Each run is also written down in build-fuzz/runs.jsonl. fuzz.py --table [FILE ...] prints the sums
of all runs in such files as a table in Markdown.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build-fuzz")
RUNS = BUILD / "runs.jsonl"
SOURCES = pathlib.Path("test/fuzz")
SUFFIX = "_fuzzer.cpp"
DICTIONARIES = {
    "api_answer": "kube.dict",
    "archive": "archive.dict",
    "http_head": "http.dict",
    "kubeconfig": "kube.dict",
    "tls": "tls.dict",
}
DEFAULT_DICTIONARY = "spdy.dict"

LIMITS = ["-rss_limit_mb=512", "-timeout=10", "-print_final_stats=1"]
ENVIRONMENT = {
    # Without the smaller quarantine the memory limit would be spent on what is free.
    "ASAN_OPTIONS": "quarantine_size_mb=64",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}

# The logs have bytes of the inputs in them.
EXECUTIONS = re.compile(rb"^stat::number_of_executed_units: *(\d+)", re.M)
MEMORY = re.compile(rb"^stat::peak_rss_mb: *(\d+)", re.M)
COVERAGE = re.compile(rb" cov: (\d+) ft: (\d+) ")
UNIT = re.compile(rb"Test unit written to (\S+)")
BREACH = re.compile(rb"^.*(?:VIOLATION|ERROR: |runtime error).*$", re.M)
LAST_LINES = 20


class UsageError(Exception):
    pass


@dataclass
class Log:
    """What the log of a fuzzer says; None where it does not."""

    executions: int | None
    coverage: tuple[int, int] | None  # edges, features
    memory: int | None  # MiB
    unit: str | None  # the file with the input that found something
    breach: str  # what was found: one line, or the last ones of the log


def read_log(log):
    def last(pattern):
        found = pattern.findall(log)
        return found[-1] if found else None

    def number(pattern):
        found = last(pattern)
        return None if found is None else int(found)

    coverage = last(COVERAGE)
    unit = last(UNIT)
    breach = BREACH.search(log)
    text = breach.group() if breach else b"\n".join(log.splitlines()[-LAST_LINES:])
    return Log(
        executions=number(EXECUTIONS),
        coverage=None if coverage is None else (int(coverage[0]), int(coverage[1])),
        memory=number(MEMORY),
        unit=None if unit is None else os.fsdecode(unit),
        breach=text.decode(errors="replace"),
    )


def summary(name, seconds, log, new_units):
    executions = "?" if log.executions is None else log.executions
    coverage = "no coverage"
    if log.coverage:
        coverage = "coverage {}, features {}".format(*log.coverage)
    memory = "?" if log.memory is None else log.memory
    return (
        f"{name:<15} {seconds:>5} s, {executions:>9} executions, {coverage}, "
        f"{new_units} new units, {memory} MiB"
    )


def finding(name, log, log_path):
    lines = [log.breach, f"  log:    {log_path}", f"  input:  {log.unit or 'none was written'}"]
    if log.unit:
        lines.append(f"  replay: {BUILD}/test/fuzz/{name} {log.unit}")
    return "\n".join(lines)


def dictionary(name):
    return DICTIONARIES.get(name, DEFAULT_DICTIONARY)


def all_names(root=ROOT):
    return sorted(path.name.removesuffix(SUFFIX) for path in (root / SOURCES).glob("*" + SUFFIX))


def parse(arguments, known):
    """(names, seconds): a number is seconds, any other word a fuzzer."""
    names, seconds = [], 60
    for argument in arguments:
        if argument.startswith("-"):
            raise UsageError(f"unknown option {argument} (see tools/dev help)")
        if argument.isascii() and argument.isdigit():
            seconds = int(argument)
        elif argument in known:
            names.append(argument)
        else:
            raise UsageError(f"there is no fuzzer '{argument}'; they are: {' '.join(known)}")
    return names or known, seconds


def count_files(folder):
    return sum(path.is_file() for path in folder.rglob("*"))


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


def write_down(name, log, cpu, corpus, status):
    coverage, features = log.coverage or (0, 0)
    line = {
        "name": name,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": commit(),
        "cpu": round(cpu, 1),
        "executions": log.executions or 0,
        "coverage": coverage,
        "features": features,
        "corpus": corpus,
        "found": "" if status == 0 else log.unit or f"status {status}",
    }
    with open(RUNS, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def table(runs):
    """The lines of a table with the sums of these runs, each a dict that `write_down` wrote."""
    lines = [
        "| fuzzer | CPU seconds | executions | coverage, features | corpus | findings |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted({run["name"] for run in runs}):
        mine = [run for run in runs if run["name"] == name]
        found = sum(bool(run["found"]) for run in mine)
        lines.append(
            f"| `{name}` | {sum(run['cpu'] for run in mine):,.0f} "
            f"| {sum(run['executions'] for run in mine):,} "
            f"| {max(run['coverage'] for run in mine):,}, "
            f"{max(run['features'] for run in mine):,} "
            f"| {mine[-1]['corpus']:,} | {found or 'none'} |"
        )
    hours = sum(run["cpu"] for run in runs) / 3600
    dates = sorted({run["date"] for run in runs})
    commits = list(dict.fromkeys(run["commit"] for run in runs))
    lines += ["", f"{hours:.2f} CPU hours, {dates[0]} to {dates[-1]}, at {', '.join(commits)}"]
    return lines


def read_runs(paths):
    return [
        json.loads(line)
        for path in paths
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    ]


def run(name, seconds):
    """Whether the fuzzer found nothing. Prints what it did."""
    corpus = BUILD / "corpus" / name
    found = BUILD / "found"
    log_path = BUILD / f"{name}.log"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    before = count_files(corpus)
    command = [
        str(BUILD / "test/fuzz" / name),
        str(corpus),
        str(SOURCES / "corpus" / name),
        f"-dict={SOURCES / dictionary(name)}",
        f"-max_total_time={seconds}",
        f"-artifact_prefix={found / name}-",
        *LIMITS,
    ]
    with open(log_path, "wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    log = read_log(log_path.read_bytes())
    print(summary(name, seconds, log, count_files(corpus) - before), flush=True)
    write_down(name, log, usage.ru_utime + usage.ru_stime, count_files(corpus), process.returncode)
    if process.returncode == 0:
        return True
    print(finding(name, log, log_path), flush=True)
    return False


def print_table(paths):
    try:
        runs = read_runs(paths)
    except OSError as error:
        sys.exit(f"tools/dev: fuzz: {error}")
    if not runs:
        sys.exit(f"tools/dev: fuzz: there are no runs in {' '.join(map(str, paths))}")
    print("\n".join(table(runs)))


def main():
    arguments = sys.argv[1:]
    if "--table" in arguments:
        return print_table([a for a in arguments if a != "--table"] or [ROOT / RUNS])
    os.chdir(ROOT)
    check = "--check" in arguments
    try:
        names, seconds = parse([a for a in arguments if a != "--check"], all_names())
    except UsageError as error:
        sys.exit(f"tools/dev: fuzz: {error}")
    if check:
        return
    failed = sum(not run(name, seconds) for name in names)
    if failed:
        sys.exit(f"tools/dev: fuzz: {failed} of {len(names)} fuzzers found something")


if __name__ == "__main__":
    main()
