"""What is looked at each second: the servers' processes, the load, and the machine."""

import csv
import os
import pathlib
import time

import measure


def children():
    """By process: how many children it has, and how many of those are zombies."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = pathlib.Path("/proc", name, "stat").read_text(errors="replace")
        except OSError:
            continue  # it has gone meanwhile
        state, parent = stat.rpartition(")")[2].split()[:2]
        count, zombies = found.get(int(parent), (0, 0))
        found[int(parent)] = count + 1, zombies + (state in "ZX")
    return found


class State:
    """One server at one time."""

    def __init__(self, pid, children_of):
        process = measure.Process(pid)
        self.memory, self.descriptors = process.memory(), process.descriptors()
        self.cpu = process.cpu_seconds()
        self.children, self.zombies = children_of.get(pid, (0, 0))

    def counts(self):
        return self.descriptors, self.children, self.zombies


def states(targets):
    """By name: the State of each."""
    children_of = children()
    return {name: State(target.pid, children_of) for name, target in targets.items()}


class Samples:
    """A row each second, for the CSV file."""

    def __init__(self, targets, tally, path):
        self._targets, self._tally, self._path = targets, tally, path
        self.begun = time.monotonic()
        self._due = self.begun
        self.rows = []

    def take(self, phase):
        """Waits for the next second and takes a row then."""
        self._due = max(self._due + 1, time.monotonic())
        time.sleep(max(0.0, self._due - time.monotonic()))
        row = {"second": round(time.monotonic() - self.begun, 1), "phase": phase}
        row["load_average"] = os.getloadavg()[0]
        for name, state in states(self._targets).items():
            row[f"{name} memory"] = state.memory
            row[f"{name} descriptors"] = state.descriptors
            row[f"{name} children"] = state.children
            row[f"{name} zombies"] = state.zombies
            row[f"{name} cpu"] = round(state.cpu, 2)
        row.update(self._tally.values())
        self.rows.append(row)

    def add_latencies(self, latencies):
        """p50, p99 and worst of each second, in milliseconds, of each good connection."""
        seconds = [self.begun + row["second"] for row in self.rows]
        for name, echoes in latencies.items():
            for row, end in zip(self.rows, seconds):
                found = echoes.between(end - 1, end) or ("", "", "")
                for word, value in zip(("p50", "p99", "worst"), found):
                    row[f"{name} {word}"] = value

    def write(self):
        with open(self._path, "w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)
