"""The list of attacks, and what is asked of each."""

import dataclasses
import typing

MEBIBYTE = 1 << 20


@dataclasses.dataclass
class Attack:
    name: str
    text: str  # one line for people
    run: typing.Callable  # of an Attacker, or of a Victim
    targets: tuple  # names of targets.py
    group: str
    attackers: int = 1  # processes
    memory: int = 8 * MEBIBYTE  # how much a target may grow by, at most
    newcomers: bool = True  # whether newcomers must be served while it lasts
    tls_only: bool = False  # the attack is on TLS itself


ATTACKS = {}
ECHO, EXEC, ATTACH, FORWARD = "echo", "exec", "attach", "forward"


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
