"""What the kernel tells of a process, and what the good connection has measured."""

import bisect
import os
import pathlib
import re
import signal
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """What the kernel counts for a process; zeros for one that is not of this machine (None)."""

    def __init__(self, pid):
        self._proc = pathlib.Path(f"/proc/{pid}") if pid else None

    def peak_memory(self):
        """The most memory that it has had since forget_peak, in bytes."""
        return self._status("VmHWM")

    def memory(self):
        return self._status("VmRSS")

    def forget_peak(self):
        if self._proc:
            (self._proc / "clear_refs").write_text("5")

    def cpu_seconds(self):
        if not self._proc:
            return 0.0
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def descriptors(self):
        return len(os.listdir(self._proc / "fd")) if self._proc else 0

    def _status(self, field):
        if not self._proc:
            return 0
        found = re.search(rf"^{field}:\s+(\d+) kB$", (self._proc / "status").read_text(), re.M)
        return int(found[1]) * 1024 if found else 0  # a zombie has none


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


def kill_marked(mark):
    for pid in marked(mark):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has gone meanwhile


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
        self._echoes = sorted(tuple(map(int, line.split())) for line in lines)

    def between(self, begin, end):
        """p50, p99 and the worst of the messages of this time, in milliseconds; one that never came
        back is infinitely late. None if there are too few to tell."""
        first = bisect.bisect_left(self._echoes, (begin * 1e6,))
        last = bisect.bisect_left(self._echoes, (end * 1e6,))
        worst_first = sorted(
            (latency / 1000 if latency >= 0 else float("inf"))
            for _, latency in self._echoes[first:last]
        )
        if len(worst_first) < 20:
            return None
        return tuple(
            worst_first[min(len(worst_first) - 1, int(len(worst_first) * share))]
            for share in (0.5, 0.99, 1.0)
        )

    def lost(self):
        return sum(latency < 0 for _, latency in self._echoes)

    def last(self):
        """When the last of the messages was due, in time.monotonic(); 0 if there was none."""
        return max((tick / 1e6 for tick, _ in self._echoes), default=0.0)
