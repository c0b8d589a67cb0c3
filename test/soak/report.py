"""What a soak run has shown: the files, the figures, and what does not hold."""

import drawing
import load
import verdict

WARM_UP = 4  # the first quarter of the rests
SKIPPED = "skipped"
MOST_TEXT = 3000  # of one check


def after_warm_up(rests):
    return rests[max(1, len(rests) // WARM_UP) :]


def good_connection(echoes, ended):
    """What is wrong with a good connection, or None."""
    if not echoes.last():
        return "nothing was measured"
    if echoes.lost():
        return f"{echoes.lost()} messages never came back"
    if echoes.last() < ended - load.PATIENCE:
        return f"it ended {ended - echoes.last():.0f} s before the run did"
    return None


def checks(soak):
    """Pairs of what is checked, and what is wrong with it: None, a text, or SKIPPED."""
    ends = soak.stop()
    for name, rests in soak.rests.items():
        after = after_warm_up(rests)
        enough = len(after) >= verdict.LEAST_RESTS
        yield f"{name}: nothing left at any rest", verdict.left(rests, soak.before[name])
        if not soak.options.smoke:
            yield f"{name}: memory back", verdict.memory(after) if enough else SKIPPED
            yield f"{name}: memory flat", verdict.rising(after) if enough else SKIPPED
        yield f"{name}: good connection", good_connection(soak.latencies[name], soak.ended)
        yield f"{name}: alive, and ends in order", ends[name]
    yield "honest clients", soak.wrong() or None
    yield "there was load", " and ".join(f"no {name}" for name in soak.idle()) or None
    yield "the load ends", ", ".join(soak.hanging) or None
    yield "no process left", "; ".join(soak.left_processes) or None


def column(rows, name, scale=1.0, phase=None):
    """The values of a column, in the order of time; None where there is none, or another phase."""
    return [
        row[name] * scale
        if isinstance(row.get(name), (int, float)) and phase in (None, row["phase"])
        else None
        for row in rows
    ]


def panels(rows, names):
    """What is drawn."""

    def of(what, scale=1.0, only=names, phase=None):
        return {name: column(rows, f"{name} {what}", scale, phase) for name in only}

    opened = {name: column(rows, f"{name}_open") for name in ("connections", "streams")}
    return [
        drawing.Panel("memory at rest (RSS), MiB", of("memory", 2**-20, phase="rest")),
        drawing.Panel("memory, MiB", of("memory", 2**-20)),
        drawing.Panel("descriptors", of("descriptors")),
        drawing.Panel("children", of("children", only=[n for n in names if "serve" in n])),
        drawing.Panel("connections and streams of the load by hand", opened),
        drawing.Panel("p99 of the good connections' echo, ms", of("p99"), logarithmic=True),
        drawing.Panel("the machine's load average", {"1 minute": column(rows, "load_average")}),
    ]


def print_figures(soak):
    """A row for each server, as Markdown."""
    heads = (
        "server", "memory before, MiB", "peak", "rest after warm-up", "last rest",
        "rise in the second half, KiB", "echo p50, p99, worst, ms",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for name, rests in soak.rests.items():
        after = after_warm_up(rests)
        echoes = soak.latencies[name].between(soak.samples.begun, soak.ended) or (0, 0, 0)
        memory = [
            soak.before[name].memory,
            max(column(soak.samples.rows, f"{name} memory")),
            after[0].memory,
            after[-1].memory,
        ]
        rise = "–"
        if len(after) >= verdict.LEAST_RESTS:
            rise = "{:.0f} ± {:.0f}".format(*(v / 1024 for v in verdict.second_half(after)))
        cells = [name, *(f"{value / 2**20:.1f}" for value in memory), rise]
        print("|", " | ".join([*cells, ", ".join(f"{value:.1f}" for value in echoes)]), "|")


def report(soak):
    """Writes the files, and prints the figures and the checks. Returns the exit code."""
    soak.samples.add_latencies(soak.latencies)
    soak.samples.write()
    rows, out = soak.samples.rows, soak.options.out
    seconds = rows[-1]["second"]
    title = f"uvspdy, soak of {seconds / 60:.0f} minutes, seed {soak.options.seed}"
    drawn = drawing.draw(title, seconds, panels(rows, list(soak.servers)))
    (out / "soak.svg").write_text(drawn)
    print_figures(soak)
    passed = failed = skipped = 0
    for what, found in checks(soak):
        passed, skipped = passed + (not found), skipped + (found == SKIPPED)
        if found and found != SKIPPED:
            failed += 1
            print(f"FAILED: {what}: {found[:MOST_TEXT]}")
    print(f"seed {soak.options.seed}; {out / 'soak.csv'}, {out / 'soak.svg'}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0
