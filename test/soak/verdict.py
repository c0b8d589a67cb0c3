"""What must be true of a soak run, computed from what was seen while the servers were at rest."""

import dataclasses
import math
import statistics

MEBIBYTE = 1 << 20
# What the rests after the warm-up may differ by and be no leak: what is in use lies scattered over
# the pages of a peak of the load, and the peak is another one in each round. A leak of 100 bytes
# for each of an hour's 50,000 connections is 5 MB, and lies in the slope, too.
MEMORY = 4 * MEBIBYTE
SLOPE_NOISE = 3.0  # a slope is one from so many of its standard errors on
LEAST_SLOPE = MEBIBYTE  # for the second half: less than this is no slope, however sure
LEAST_RESTS = 8  # fewer say nothing of a slope


@dataclasses.dataclass
class Rest:
    """A server after a round, when the load had gone."""

    second: float
    memory: int
    descriptors: int
    children: int
    zombies: int

    def counts(self):
        return self.descriptors, self.children, self.zombies


def slope(points):
    """The slope of a line through (x, y) by least squares, and its standard error."""
    xs, ys = zip(*points)
    middle, level = statistics.mean(xs), statistics.mean(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    rise = sum((x - middle) * (y - level) for x, y in points) / spread
    misses = sum((y - level - rise * (x - middle)) ** 2 for x, y in points)
    return rise, math.sqrt(misses / (len(points) - 2) / spread)


def memory(rests):
    """What is wrong with the memory of these rests, those of the warm-up left away; or None."""
    few = max(1, len(rests) // 4)
    begin = statistics.median(rest.memory for rest in rests[:few])
    end = statistics.median(rest.memory for rest in rests[-few:])
    if end - begin > MEMORY:
        return f"memory at rest rose from {begin} to {end} bytes, by more than {MEMORY}"
    return None


def second_half(rests):
    """Growth of the memory over the second half of the run, bytes, and its standard error."""
    half = rests[len(rests) // 2 :]
    rise, error = slope([(rest.second, rest.memory) for rest in half])
    seconds = half[-1].second - half[0].second
    return rise * seconds, error * seconds


def rising(rests):
    """What is wrong with the slope, or None. A rise must be above what memory at rest varies by."""
    growth, error = second_half(rests)
    if growth > LEAST_SLOPE and growth > SLOPE_NOISE * error:
        return f"memory at rest rose by {growth:.0f} ± {error:.0f} bytes in the second half"
    return None


def left(rests, before, names=("descriptors", "children", "zombies")):
    """What was not there before the load and is at a rest; or None."""
    for rest in rests:
        for name in names:
            was, now = getattr(before, name), getattr(rest, name)
            if now != was:
                return f"{name}: {now} at {rest.second:.0f} s, {was} before the load"
    return None
