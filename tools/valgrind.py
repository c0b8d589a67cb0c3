"""The unit tests of floors 0 to 4 under Valgrind's memcheck: valgrind.py FOLDER [TEST ...].

FOLDER is a build without sanitizers whose test programs stand. A read or write of memory that is not
the program's, a jump that depends on an uninitialised value, a wrong free and a leak are failures.
`tools/dev release-check valgrind` builds the folder and calls this.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ["core", "wire", "session", "session-allocation", "conformance", "simulation", "net",
         "net-threads", "httpstream", "http-heads", "coroutines", "many-loops"]  # fmt: skip
ACCEPTS_FIRST = "Valgrind accepts a connection before it looks at the limit of descriptors"
# Tests that cannot hold under Valgrind: name, reason. Names end with *, and have no comma, which
# Catch2 would take for the end of a name.
LEFT_OUT = {
    "Listener: out of descriptors*": ACCEPTS_FIRST,
    "HttpServer: out of descriptors*": ACCEPTS_FIRST,
    "HttpServer: an address that opens silent connections without end*":
        "the log may have 20 lines a second, of which the test takes more than five",
    "Connection: a peer that asks without reading the answers*":
        "half a million answers to PINGs fill the kernel's buffers, in more than the test's 30 s",
}  # fmt: skip
MEMCHECK = [
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
    "--num-callers=40",
    # Children of a test die on purpose, with all that their parent had.
    "--child-silent-after-fork=yes",
    # Some programs count allocations by an operator new of their own: the malloc below is watched.
    "--soname-synonyms=somalloc=nouserintercepts",
]
# It is some thirty times as slow: fewer seeds, and more time for each program.
ENVIRONMENT = {"UVSPDY_TEST_SEEDS": "100"}
TIMEOUT = 3600
LAST_LINES = 60


def left_out():
    """Catch2's argument for all tests but those left out."""
    return " ".join(f'~"{name}"' for name in LEFT_OUT)


def commands(tests, names):
    """(name, command, environment) of the tests of these names, of what meson says of them."""
    known = {test["name"]: test for test in tests}
    missing = [name for name in names if name not in known]
    if missing:
        raise KeyError(f"there are no tests {', '.join(missing)}")
    for name in names:
        command = [*MEMCHECK, *known[name]["cmd"], left_out()]
        yield name, command, {**known[name]["env"], **ENVIRONMENT}


def run(name, command, environment, folder):
    """Whether the program's tests hold and Valgrind finds nothing."""
    start, log = time.monotonic(), folder / f"valgrind-{name}.log"
    with open(log, "wb") as output:
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
            ).returncode
        except subprocess.TimeoutExpired:
            code = f"no end in {TIMEOUT} s"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    counted = next((line for line in reversed(lines) if " passed, " in line), "nothing counted")
    print(f"{name}: {counted}, {time.monotonic() - start:.0f} s, exit code {code}", flush=True)
    if code != 0:
        print("\n".join(lines[-LAST_LINES:]), f"all of it is in {log}", sep="\n", flush=True)
    return code == 0


def check(folder, names=TESTS):
    """The names of the tests that failed."""
    folder = pathlib.Path(folder)
    done = subprocess.run(
        ["meson", "introspect", "--tests", str(folder)], check=True, capture_output=True, text=True
    )
    for name, reason in LEFT_OUT.items():
        print(f"left out: {name}: {reason}")
    return [
        name
        for name, command, environment in commands(json.loads(done.stdout), names)
        if not run(name, command, environment, folder)
    ]


def main():
    failed = check(sys.argv[1], sys.argv[2:] or TESTS)
    if failed:
        sys.exit(f"tools/dev: valgrind: {', '.join(failed)}: failed")


if __name__ == "__main__":
    main()
