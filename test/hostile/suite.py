"""The list of attacks, and what is asked of each."""

import dataclasses
import typing

MEBIBYTE = 1 << 20
# What every attack may take, with what a connection may have us hold for readers, and queue:
# connection_buffer and connection_write_high_water, 4 MiB each.
BUFFERS = (8 + 4 + 4) * MEBIBYTE
# What its windows may have grown by: WindowBudget::kDefaultSize.
WINDOWS = 64 * MEBIBYTE


@dataclasses.dataclass
class Attack:
    name: str
    text: str  # one line for people
    run: typing.Callable  # of an Attacker, or of a Victim
    targets: tuple  # names of targets.py
    group: str
    attackers: int = 1  # processes that attack a server at once
    memory: int = 8 * MEBIBYTE  # how much a target may grow by, at most
    newcomers: bool = True  # whether newcomers must be served while it lasts
    tls_only: bool = False  # the attack is on TLS itself
    # Of a program:
    ends: bool = True  # whether it must end by itself; else it must end on SIGTERM
    succeeds: bool = False  # whether its exit code may be 0
    output: bool = False  # whether much may be printed
    go: bool = True  # whether there is a program of Go's to do the same


ATTACKS = {}
GUARDED = "guarded"
ECHO, EXEC, ATTACH, FORWARD, PROGRAM = "echo", "exec", "attach", "forward", "program"


def attack(name, text, *targets, group, **options):
    """Adds a function of an Attacker to the list. The target decides what its sessions are."""

    def add(run):
        if name in ATTACKS:
            raise ValueError(f"two attacks are named {name}")
        ATTACKS[name] = Attack(name, text, run, targets, group, **options)
        return run

    return add


def session_attack(name, text, *targets, group, opening=None, **options):
    """The same for a function of a Session, each of which begins with `opening`."""

    def add(run):
        attack(name, text, *targets, group=group, **options)(
            lambda attacker: run(attacker.session(**(opening or {})))
        )
        return run

    return add


def program_attack(name, text, group, **options):
    """Adds a function of a Victim, which makes servers or files and returns a command."""
    return attack(name, text, PROGRAM, group=group, **options)
