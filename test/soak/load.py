"""What the kinds of load have in common: chance, targets, counts, and what went wrong."""

import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

import attacker
import peers

COUNTS = (
    "connections", "streams", "execs", "attaches", "forwards", "copies", "attacks", "faults",
    "ended", "checked", "bytes",
)  # fmt: skip
GAUGES = ("connections_open", "streams_open")
PATIENCE = 120.0  # seconds for an honest client, on a machine that has much else to do


class Tally:
    """Counts that processes share: what has been done in all, and what is open just now."""

    names = COUNTS + GAUGES

    def __init__(self):
        self._values = multiprocessing.Array("q", len(self.names))

    def add(self, name, count=1):
        with self._values.get_lock():
            self._values[self.names.index(name)] += count

    def nothing_is_open(self):
        """After processes that were killed, whose gauges are wrong."""
        for name in GAUGES:
            self._values[self.names.index(name)] = 0

    def values(self):
        return dict(zip(self.names, self._values[:]))


class Wrong(Exception):
    """An honest client was not served as it must be."""


class Load:
    """What a piece of load is handed."""

    def __init__(self, targets, tally, folder, seed, deadline, smoke):
        self.targets, self.tally, self.deadline, self.smoke = targets, tally, deadline, smoke
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="work-", dir=folder))
        self.report = attacker.Report()
        # Addresses of their own, so that limits for each client address see many clients.
        self.source = (f"127.0.{self.random.randrange(1, 9)}.{self.random.randrange(1, 255)}", 0)

    def choose(self, **weights):
        """One of the names, as often as its weight says."""
        return self.random.choices(list(weights), list(weights.values()))[0]

    def size(self, most):
        """Small sizes are as common as large ones."""
        bits = self.random.randrange(1, most.bit_length() + 1)
        return min(most, self.random.randrange(1, 1 << bits))

    def left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise attacker.TimeIsOver
        return left

    def sleep(self, least, most):
        time.sleep(min(self.random.uniform(least, most), self.left()))
        self.left()


def _run(kind, load, wrong):
    while time.monotonic() < load.deadline:
        try:
            kind(load)
        except attacker.TimeIsOver:
            break
        except attacker.Ended:
            load.tally.add("ended")
        except Exception as error:  # it must be seen, and the others go on
            if not isinstance(error, Wrong):
                error = traceback.format_exc()
            with open(wrong, "a") as file:
                file.write(f"{kind.__name__}: {error}\n")
            time.sleep(0.1)  # no flood of the same


def _child(kind, make, wrong):
    os.nice(5)  # what is measured goes before what loads it
    peers.forget_all()  # they are the parent's
    # nohup, and shells that start something in the background, have clients ignore some of these.
    for number in signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)
    load = make()
    try:
        _run(kind, load, wrong)
    finally:
        peers.stop_all()
        shutil.rmtree(load.folder, ignore_errors=True)
        sys.stdout.flush()
        os._exit(0)


def run_all(kinds, make, wrong, watch):
    """Has a process do each kind of load until its deadline; `make` makes its Load of its number.
    `watch` is called meanwhile, until all have ended. Returns the names of kinds that did not."""
    fork = multiprocessing.get_context("fork")
    running = {}
    for number, kind in enumerate(kinds):
        process = fork.Process(
            target=_child, args=(kind, lambda n=number: make(n), wrong), daemon=True
        )
        process.start()
        running[process] = kind
    late = time.monotonic() + 2 * PATIENCE
    while any(process.is_alive() for process in running):
        watch()
        if time.monotonic() > late:
            break
    hanging = [kind.__name__ for process, kind in running.items() if process.is_alive()]
    for process in running:
        process.kill()
        process.join()
    return hanging
