"""Has our servers soak in clients that come, go and break: soak.py MINUTES [OPTIONS]
(docs/soak.md)."""

import argparse
import os
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the sources stay as they are
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "hostile"), str(HERE.parent / "interop")]

import attack  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="tools/dev soak", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=10.0, metavar="MINUTES")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--round", type=float, default=60.0, help="seconds of load between rests")
    parser.add_argument("--smoke", action="store_true", help="a short form, as a test")
    parser.add_argument("--load", help="only these kinds of load, comma-separated")
    parser.add_argument("--out", type=pathlib.Path, help="folder for soak.csv and soak.svg")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build")
    options = parser.parse_args()
    if options.smoke:
        options.minutes, options.round = 0.0, 3.0  # which makes two rounds
    return options


def main():
    options = arguments()
    attack.programs_of(options.build)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # `finally` is run
    mark = f"UVSPDY_SOAK={os.getpid()}-{time.monotonic_ns()}"  # all that is started here has it
    name, _, value = mark.partition("=")
    os.environ[name] = value
    import report, soak_run  # what they import looks for the programs

    folder = pathlib.Path(tempfile.mkdtemp(prefix="uvspdy-soak-"))
    options.out = options.out or pathlib.Path("build-soak")
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"seed {options.seed}", flush=True)
    try:
        soak = soak_run.Soak(options, folder, mark)
        soak.run()
        return report.report(soak)
    finally:
        soak_run.peers.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
