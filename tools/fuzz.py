"""Runs the libFuzzer programs one after another: fuzz.py [NAME ...] [SECONDS] [--check].

They are in build-fuzz, where `tools/dev fuzz` builds them. A line for each says what it did, or what
it found and how that is seen again. Exits with 1 when one of them found something. --check only
looks whether the names are those of fuzzers.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path("build-fuzz")
SOURCES = pathlib.Path("test/fuzz")
SUFFIX = "_fuzzer.cpp"
DICTIONARIES = {
    "api_answer": "kube.dict",
    "archive": "archive.dict",
    "http_head": "http.dict",
    "kubeconfig": "kube.dict",
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
        f"-dict={SOURCES / DICTIONARIES.get(name, DEFAULT_DICTIONARY)}",
        f"-max_total_time={seconds}",
        f"-artifact_prefix={found / name}-",
        *LIMITS,
    ]
    with open(log_path, "wb") as output:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}
        )
    log = read_log(log_path.read_bytes())
    print(summary(name, seconds, log, count_files(corpus) - before), flush=True)
    if done.returncode == 0:
        return True
    print(finding(name, log, log_path), flush=True)
    return False


def main():
    os.chdir(ROOT)
    arguments = sys.argv[1:]
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
