"""The table of attacks as Markdown."""

import math

HEAD = """\
| attack | target | sent | memory | CPU | p50 | p99 | worst | new | log | left | ended | holds |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def size(count):
    for unit, width in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= width:
            return f"{count / width:.{0 if count >= 100 * width else 1}f} {unit}"
    return f"{count:.0f} B"


def milliseconds(value):
    if value is None:
        return "–"
    if math.isinf(value):
        return "never"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _echo(result, at):
    """Beside the attack (beside the control, quiet)."""
    if not result.echo:
        return "–"
    others = [milliseconds(each[at]) for each in (result.control, result.quiet) if each]
    return f"{milliseconds(result.echo[at])} ({', '.join(others)})"


def _ended(result):
    if not result.ended:
        return "no"
    how, count = max(result.ended.items(), key=lambda item: item[1])
    sent, seconds = result.first_end
    return f"{how} after {size(sent)}, {seconds:.1f} s" + (f"; {count} ×" if count > 1 else "")


def row(name, target, result, breaches):
    served, asked = result.newcomers
    left = [f"{result.descriptors} fd"] if result.descriptors else []
    left += [f"{result.processes} proc."] if result.processes else []
    cells = [
        f"`{name}`",
        target,
        size(result.sent),
        f"+ {size(result.growth)}",
        f"{100 * result.cpu:.0f} %",
        *(_echo(result, at) for at in range(3)),
        f"{served}/{asked}" if asked else "–",
        size(result.log),
        ", ".join(left) or "–",
        _ended(result),
        ", ".join(breaches) or "yes",
    ]
    return "| " + " | ".join(cells) + " |"


PROGRAM_HEAD = """\
| attack | program | memory | CPU | seconds | stdout | stderr | end | last line | holds |
|---|---|---|---|---|---|---|---|---|---|"""


def program_row(name, program, outcome, breaches):
    end = f"exit code {outcome.code}" if outcome.ended else "SIGTERM"
    cells = [
        f"`{name}`",
        program,
        f"+ {size(outcome.growth)}",
        f"{100 * outcome.cpu:.0f} %",
        f"{outcome.seconds:.1f}",
        size(outcome.output),
        size(outcome.errors),
        end if outcome.stopped else "SIGKILL",
        ascii(outcome.last_line[:80])[1:-1].replace("|", "\\|") or "–",
        ", ".join(breaches) or "yes",
    ]
    return "| " + " | ".join(cells) + " |"
