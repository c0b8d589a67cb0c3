"""A soak run: rounds of load, and after each a rest, when the load has gone."""

import pathlib
import sys
import time

import experiment
import load
import load_commands
import load_frames
import measure
import peers
import servers
import verdict
import watch

SETTLE = 300.0  # seconds until nothing of a round may be left; a starved machine takes minutes
MOST_IDLE = 10  # rounds, after which a machine that is too busy for some load is a failure
GIVE_BACK = "test/soak/soak-give-back.so"  # in the build
REST = 4  # seconds of a rest, in which free memory is given back
ECHO_EVERY = 20_000  # microseconds between two messages of a good connection


def kinds_of_load(names=None):
    """Each is done by a process of its own."""
    kinds = [
        load_frames.echo_streams, load_frames.crowd, load_frames.crowd, load_frames.crowd_tls,
        load_frames.slow_reader, load_frames.kube_sessions, load_frames.attacks,
        load_commands.execs, load_commands.copies, load_commands.port_forwards,
        load_commands.tcp_clients,
    ]  # fmt: skip
    return [kind for kind in kinds if names is None or kind.__name__ in names]


def command_line(pid):
    """Empty for a process that has gone, and for a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def latencies_of(connection):
    """None at all if the program that measures has failed."""
    try:
        return connection.stop()
    except AssertionError as error:
        print(error, file=sys.stderr)
        return measure.Latencies()


class Soak:
    def __init__(self, options, folder, mark):
        self.options, self._folder, self._mark = options, folder, mark
        names = options.load.split(",") if options.load else None
        self._kinds = kinds_of_load(names)
        if not self._kinds:
            raise SystemExit(f"there is no load of this name: {options.load}")
        self._tally, self._wrong = load.Tally(), folder / "wrong"
        self._wrong.touch()
        self.servers, self._behind = servers.make(options.build / GIVE_BACK)
        self.samples = watch.Samples(self.servers, self._tally, options.out / "soak.csv")
        self.rests = {name: [] for name in self.servers}
        self.hanging, self.left_processes = [], []  # texts: kinds of load, command lines
        self.latencies, self.before, self.ended = {}, {}, 0.0

    def run(self):
        good = {
            name: experiment.GoodConnection(server, every=ECHO_EVERY)
            for name, server in self.servers.items()
        }
        self._use_once()
        self.before = self._look()
        processes = measure.marked(self._mark)
        self._print("before the load", self.before)
        end, number = time.monotonic() + 60 * self.options.minutes, 0
        while number < 2 or time.monotonic() < end or (self.idle() and number < MOST_IDLE):
            self._round(number, processes)
            number += 1
        self.ended = time.monotonic()
        self.latencies = {name: latencies_of(connection) for name, connection in good.items()}

    def idle(self):
        """What there has been nothing of, if all kinds of load were wanted."""
        counts = self._tally.values()
        wanted = ("connections", "execs", "forwards", "copies", "attacks")
        wanted = () if self.options.load else wanted
        return [name for name in wanted if not counts[name]]

    def wrong(self):
        """What honest clients have said."""
        return self._wrong.read_text()

    def stop(self):
        """By name: what went wrong with a server, or None. Clients end before their servers."""
        return {name: server.stop() for name, server in reversed(self.servers.items())}

    def _use_once(self):
        """What a server makes when it is first needed is there before the load."""
        for name in ("serve", "serve-tls"):
            words = load_commands.command(self.servers[name], "exec", "uvspdy", "--", "true")
            result = peers.run(words)
            if result.returncode != 0:
                raise AssertionError(f"{name}: {result.stderr!r}")
        before = None
        while (now := self._counts()) != before or any(zombies for _, _, zombies in now):
            before = now
            time.sleep(1.0)

    def _look(self):
        second = time.monotonic() - self.samples.begun
        return {
            name: verdict.Rest(second, state.memory, *state.counts())
            for name, state in watch.states(self.servers).items()
        }

    def _counts(self):
        return [state.counts() for state in watch.states(self.servers).values()]

    def _settled(self):
        return self._counts() == [before.counts() for before in self.before.values()]

    def _round(self, number, processes):
        targets = {**self.servers, "behind": self._behind}

        def make(worker):  # in the worker's process, which may have been late to start
            deadline = time.monotonic() + self.options.round
            seed = f"{self.options.seed} {number} {worker}"
            return load.Load(
                targets, self._tally, self._folder, seed, deadline, self.options.smoke
            )

        self.hanging += load.run_all(
            self._kinds, make, self._wrong, lambda: self.samples.take("load")
        )
        self._tally.nothing_is_open()
        late = time.monotonic() + SETTLE
        while not self._settled() and time.monotonic() < late:
            self.samples.take("settling")
        for _ in range(1 if self.options.smoke else REST):
            self.samples.take("rest")
        looked = self._look()
        for name, rest in looked.items():
            self.rests[name].append(rest)
        lines = map(command_line, measure.marked(self._mark, besides=processes))
        self.left_processes += [line for line in lines if line]
        self._print(f"rest {number} at {self.samples.rows[-1]['second']:.0f} s", looked)
        print("  so far:", *(f"{count} {name}," for name, count in self._tally.values().items()
                             if name in load.COUNTS), flush=True)  # fmt: skip
        self.samples.write()

    def _print(self, when, rests):
        print(f"{when}:")
        for name, rest in rests.items():
            print(f"  {name}: {rest.memory / 1024:.0f} KiB, {rest.descriptors} descriptors, "
                  f"{rest.children} children, {rest.zombies} zombies", flush=True)  # fmt: skip
