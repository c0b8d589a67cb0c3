"""What the kernel tells of a process, and what the good connection has measured."""

import os
import pathlib
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _status(pid, field):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB$", status, re.M)[1]) * 1024


def peak_memory(pid):
    """The most memory that a process has had since forget_peak, in bytes."""
    return _status(pid, "VmHWM")


def memory(pid):
    return _status(pid, "VmRSS")


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def marked(mark, besides=()):
    """The processes that have inherited NAME=VALUE in their environment; zombies have none."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            environment = pathlib.Path("/proc", name, "environ").read_bytes()
        except OSError:
            continue  # it has gone meanwhile
        if mark.encode() in environment.split(b"\0"):
            found.add(int(name))
    return found - set(besides)


def children(pid):
    """The number of a process's children, zombies included."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            count += len(pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:
            continue  # a thread that has ended
    return count


def wait_for(condition, seconds):
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Latencies:
    """The echoes of the good connection; times are those of time.monotonic()."""

    def __init__(self, lines=()):
        self._echoes = [tuple(map(int, line.split())) for line in lines]

    def between(self, begin, end):
        """p50, p99 and the worst of the messages of this time, in milliseconds; one that never came
        back is infinitely late. None if there are too few to tell."""
        worst_first = sorted(
            (latency / 1000 if latency >= 0 else float("inf"))
            for tick, latency in self._echoes
            if begin <= tick / 1e6 < end
        )
        if len(worst_first) < 20:
            return None
        return tuple(
            worst_first[min(len(worst_first) - 1, int(len(worst_first) * share))]
            for share in (0.5, 0.99, 1.0)
        )

    def lost(self):
        return sum(latency < 0 for _, latency in self._echoes)
