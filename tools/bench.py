"""Bytes through `uvspdy exec` against bytes through a pipe: bench.py UVSPDY.

Thin: one figure, one run.
"""

import re
import subprocess
import sys
import time

COUNT = 20_000_000
ADDRESS = re.compile(r"^listening on (\S+)$")


def server_address(lines):
    """The address that `uvspdy serve` says it listens on; None when it has ended without."""
    for line in lines:
        match = ADDRESS.match(line.rstrip("\n"))
        if match:
            return match[1]
    return None


def timed(what, command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    size = 0
    while chunk := process.stdout.read(1 << 20):
        size += len(chunk)
    if process.wait() != 0:
        sys.exit(f"tools/dev: bench: {what} exited with {process.returncode}")
    seconds = time.monotonic() - start
    print(f"{what}: {size} bytes in {seconds:.2f} s, {size / seconds / 1e6:.0f} MB/s", flush=True)


def main():
    uvspdy = sys.argv[1]
    work = ["seq", "1", str(COUNT)]
    with subprocess.Popen(
        [uvspdy, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            address = server_address(server.stdout)
            if address is None:
                sys.exit("tools/dev: bench: the server did not start")
            timed("a pipe", work)
            timed("uvspdy exec", [uvspdy, "exec", "--server", address, "uvspdy", "--", *work])
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
