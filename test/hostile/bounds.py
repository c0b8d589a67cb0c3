"""What is asked of a target under attack."""

from suite import MEBIBYTE
from victim import ERRORS, STOPPING

LOG = 1_000_000  # bytes in five seconds
NOT_STARTED = (126, 127)  # of a shell, the dynamic linker, and env
WORST = 20.0  # milliseconds, or twice the control's


def breaches(attack, result):
    """The bounds that hold on a busy machine, too: {bound: what it is instead}."""
    found = {}
    if result.failure:
        found["alive"] = result.failure
    if not result.serves:
        found["serves"] = "no newcomer is served afterwards"
    if result.lost:
        found["lost"] = f"{result.lost} messages of the good connection never came back"
    if result.growth > attack.memory:
        found["memory"] = (
            f"{result.growth / MEBIBYTE:.1f} MiB more, not {attack.memory / MEBIBYTE:.0f}"
        )
    if result.log > LOG:
        found["log"] = f"{result.log / 1e6:.1f} MB of log, not {LOG / 1e6:.1f}"
    if result.descriptors:
        found["descriptors"] = f"{result.descriptors} descriptors are left"
    if result.processes:
        found["processes"] = f"{result.processes} processes are left"
    return found


def breaches_of_program(attack, outcome):
    """The same of a program."""
    found = {}
    if outcome.code < 0 and outcome.ended:
        found["alive"] = f"ended by signal {-outcome.code}"
    if outcome.code in NOT_STARTED:
        found["alive"] = f"did not start: exit code {outcome.code}: {outcome.last_line}"
    if attack.ends and not outcome.ended:
        found["ends"] = f"had not ended after {outcome.seconds:.0f} s"
    if not outcome.stopped:
        found["stops"] = f"did not end within {STOPPING:.0f} s of SIGTERM"
    if outcome.ended and outcome.code == 0 and not attack.succeeds:
        found["code"] = "exit code 0"
    if outcome.growth > attack.memory:
        found["memory"] = (
            f"{outcome.growth / MEBIBYTE:.1f} MiB more, not {attack.memory / MEBIBYTE:.0f}"
        )
    if outcome.errors > ERRORS and not attack.output:
        found["errors"] = f"{outcome.errors} bytes of stderr"
    if outcome.unclean:
        found["unclean"] = f"stderr has {outcome.unclean}"
    if outcome.touched:
        found["touched"] = f"written: {outcome.touched}"
    if outcome.left:
        found["left"] = f"left behind: {outcome.left}"
    if outcome.processes:
        found["processes"] = f"{outcome.processes} processes are left"
    return found


def late(attack, result):
    """The bounds of time, which need a machine that has nothing else to do."""
    found = {}
    served, asked = result.newcomers
    if attack.newcomers and served < asked:
        found["newcomers"] = f"{served} of {asked} newcomers were served"
    if not result.echo or not result.control:
        return found
    (p50, p99, worst), (c50, c99, control_worst) = result.echo, result.control
    if p50 > 1.5 * c50:
        found["p50"] = f"p50 {p50:.2f} ms, not {1.5 * c50:.2f}"
    if p99 > 3 * c99:
        found["p99"] = f"p99 {p99:.2f} ms, not {3 * c99:.2f}"
    if worst > max(WORST, 2 * control_worst):
        found["worst"] = f"worst {worst:.0f} ms, not {max(WORST, 2 * control_worst):.0f}"
    return found
