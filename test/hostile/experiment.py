"""One attack on one target, measured beside a good connection."""

import dataclasses
import multiprocessing
import pathlib
import subprocess
import tempfile
import time

import attacker
import frames
import measure
import peers

# Seconds until what an attack has left behind must be gone: a server reads what a peer has sent
# before it left, slowly if that is past a rate, and for Limits::slowed_time (10 s) at most.
SETTLE = 30.0
NEWCOMER_EVERY = 0.25
NEWCOMER_PATIENCE = 2.0
_fork = multiprocessing.get_context("fork")


@dataclasses.dataclass
class Measured:
    seconds: float = 0.0
    sent: int = 0
    connections: int = 0
    ended: dict = dataclasses.field(default_factory=dict)
    first_end: tuple = None
    resets: int = 0
    growth: int = 0  # of the peak memory, bytes
    cpu: float = 0.0  # of one core
    quiet: tuple = None  # p50, p99, worst in milliseconds
    echo: tuple = None
    control: tuple = None
    lost: int = 0  # messages of the good connection that never came back
    newcomers: tuple = (0, 0)  # served, of how many
    log: int = 0  # bytes
    log_line: str = ""  # the last
    descriptors: int = 0  # left
    processes: int = 0  # left
    serves: bool = False  # afterwards
    failure: str = None  # a crash, a hang, an end that is not in order


class GoodConnection:
    """An echo-timer beside the attack, with a message each `every` microseconds."""

    def __init__(self, target, every=2000):
        self._folder = tempfile.TemporaryDirectory(prefix="uvspdy-hostile-")
        folder = pathlib.Path(self._folder.name)
        opening = target.good_opening()
        (folder / "head").write_bytes(opening.head)
        (folder / "frames").write_bytes(opening.frames)
        host, port = target.address
        words = [peers.program("UVSPDY_ECHO_TIMER"), "time", host, str(port)]
        words += ["--tls"] if target.tls else []
        words += ["--head", str(folder / "head")] if opening.head else []
        words += ["--frames", str(folder / "frames"), "--replies", str(opening.replies)]
        words += ["--write", str(opening.write), "--read", str(opening.read)]
        words += ["--every", str(every)]
        self._process = peers.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._process.stdout.readline() != b"ready\n":
            peers.stop(self._process)
            raise AssertionError(f"the good connection was not served: {target.log()[-500:]}")

    def stop(self):
        """Returns its Latencies."""
        self._process.stdin.close()
        lines = self._process.stdout.read().splitlines()
        code = self._process.wait(peers.DEADLINE)
        peers.stop(self._process)
        self._folder.cleanup()
        if code != 0:
            raise AssertionError(f"echo-timer, which measures, ended with {code}")
        return measure.Latencies(lines)


class Honest:
    """The control: a client that sends as many bytes in as much time, and reads what comes back."""

    def __init__(self, rate):
        self._rate = rate

    def run(self, hostile):
        session = hostile.session()
        begun, due = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - begun) * self._rate) - session.sent
            while due > 0:
                size = min(due, 16384)
                session.send(frames.data(session.stream, bytes(size)))
                due -= size + 8
            session.pause(0.005)


def attack_for(attack, target, seconds, processes, newcomers=True):
    """Has so many processes attack. Returns their Report, and how newcomers fared."""
    pipes, running = [], []
    for _ in range(processes):
        ours, theirs = _fork.Pipe(duplex=False)
        process = _fork.Process(
            target=lambda pipe=theirs: pipe.send(attacker.run(attack, target, seconds)),
            daemon=True,
        )
        process.start()
        theirs.close()
        pipes.append(ours)
        running.append(process)
    served, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        wait = min(NEWCOMER_EVERY, end - time.monotonic())
        time.sleep(max(0.0, wait))
        if newcomers and end - time.monotonic() > NEWCOMER_EVERY:
            patience = min(NEWCOMER_PATIENCE, end - time.monotonic())
            served.append(target.newcomer(patience) is not None)
    report = attacker.Report()
    for pipe, process in zip(pipes, running):
        try:
            report.add(pipe.recv())
        except EOFError:
            raise AssertionError(f"an attacker has failed: {attack}") from None
        process.join()
    return report, (sum(served), len(served))


def beside_control(start, rate, seconds):
    """The good connection's p50, p99 and worst beside honest load; start() makes the target."""
    target = start()
    try:
        good = GoodConnection(target)
        begin = time.monotonic()
        attack_for(Honest(rate), target, seconds, 1, newcomers=False)
        end = time.monotonic()
        return good.stop().between(begin, end)
    finally:
        target.stop()


def run(attack, start, seconds=5.0, quiet=1.0, control=None):
    """Measures; start() makes the target, and `control` is a function of bytes a second, if it is
    wanted."""
    target, result = start(), Measured(seconds=seconds)
    try:
        good = GoodConnection(target)
        _measure(attack, target, good, result, quiet)
    except AssertionError as error:
        result.failure = str(error)
    failure = target.stop()
    result.failure = result.failure or failure
    if control and result.echo:
        result.control = control(result.sent / seconds)
    return result


def _measure(attack, target, good, result, quiet):
    process = measure.Process(target.pid)
    begin = time.monotonic()
    time.sleep(quiet)
    descriptors, processes = process.descriptors(), len(target.processes())
    log, memory, cpu = target.log_size(), process.memory(), process.cpu_seconds()
    process.forget_peak()
    attacked = time.monotonic()
    report, result.newcomers = attack_for(
        attack, target, result.seconds, attack.attackers, attack.newcomers
    )
    end = time.monotonic()
    result.cpu = (process.cpu_seconds() - cpu) / (end - attacked)
    for field in ("sent", "connections", "ended", "first_end", "resets"):
        setattr(result, field, getattr(report, field))
    result.serves = target.newcomer(SETTLE) is not None
    # The good connection is still there, and nothing else.
    measure.wait_for(lambda: process.descriptors() <= descriptors, SETTLE)
    measure.wait_for(lambda: len(target.processes()) <= processes, SETTLE)
    result.descriptors = max(0, process.descriptors() - descriptors)
    result.processes = max(0, len(target.processes()) - processes)
    result.growth = max(0, process.peak_memory() - memory)
    result.log = target.log_size() - log
    result.log_line = (target.log().splitlines() or [""])[-1][:200]
    latencies = good.stop()
    result.quiet = latencies.between(begin, attacked)
    result.echo = latencies.between(attacked, end)
    result.lost = latencies.lost()
