"""Whether programs and shared libraries are hardened: check_hardening.py [--no-fortify] FILE ...

docs/security.md ("Hardening") lists what is looked for. FILE is an ELF file that was built with
optimisation; readelf reads it. Ends with "N passed, N failed, N skipped", counted in files.
"""

import os
import re
import subprocess
import sys

# What the dynamic linker sets up to tell shadow stacks and branch targets, on x86 alone.
CET = {"Advanced Micro Devices X86-64"}
STACK_PROTECTOR = "__stack_chk_fail"
FORTIFIED = re.compile(r"^__\w+_chk$")


def readelf(path):
    command = ["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--notes",
               "--dyn-syms", path]  # fmt: skip
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return done.stdout


def segments(text):
    """(type, flags) of each program header: ("LOAD", "R E")."""
    return re.findall(r"^ +([A-Z_]+) +(?:0x[0-9a-f]+ +){5}([R ][W ][E ]) ", text, re.M)


def dynamic(text, tag):
    """The values of the dynamic section's entries of a tag, as words."""
    return " ".join(re.findall(rf"\({tag}\) +(.*)$", text, re.M)).split()


def imported(text):
    """The names of the functions that the file takes from shared libraries."""
    return set(re.findall(r" FUNC +GLOBAL +DEFAULT +UND (\w+)", text))


def weaknesses(text, fortify):
    """What a file lacks, of what readelf says about it."""
    flags = segments(text)
    kind = re.search(r"^ +Type: +(\w+)", text, re.M)[1]
    if kind != "DYN":
        yield f"loaded to a fixed address: its type is {kind}, not DYN (-fPIE -pie)"
    if "GNU_RELRO" not in dict(flags):
        yield "its tables of addresses stay writable: there is no GNU_RELRO (-z relro)"
    if "BIND_NOW" not in dynamic(text, "FLAGS") and "NOW" not in dynamic(text, "FLAGS_1"):
        yield "functions are looked up late, in tables that stay writable: no BIND_NOW (-z now)"
    if "TEXTREL" in text:
        yield "code is written to when it is loaded: TEXTREL"
    if "E" in dict(flags).get("GNU_STACK", "E"):
        yield "its stack is executable, or does not say that it is not: GNU_STACK (-z noexecstack)"
    for name, flag in flags:
        if name == "LOAD" and "W" in flag and "E" in flag:
            yield "a segment is writable and executable"
    names = imported(text)
    if STACK_PROTECTOR not in names:
        yield f"no function guards its stack: no {STACK_PROTECTOR} (-fstack-protector-strong)"
    if fortify and not any(FORTIFIED.match(name) for name in names - {STACK_PROTECTOR}):
        yield "no call is checked: no function of the form __..._chk (_FORTIFY_SOURCE)"
    machine = re.search(r"^ +Machine: +(.*)$", text, re.M)[1]
    if machine in CET and not re.search(r"x86 feature: IBT, SHSTK", text):
        yield "no shadow stack, or jumps to anywhere: IBT and SHSTK are missing (-fcf-protection)"


def main():
    fortify = "--no-fortify" not in sys.argv[1:]
    failed = 0
    files = [path for path in sys.argv[1:] if path != "--no-fortify"]
    for path in files:
        found = list(weaknesses(readelf(path), fortify))
        print(f"{path}: " + ("; ".join(found) or "ok"))
        failed += bool(found)
    print(f"{len(files) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not files else 0)


if __name__ == "__main__":
    main()
