"""What is promised of compilers, libraries, options and the code: release_check.py [CHECK ...].

Without names all checks of the table below are run, each in a folder of its own under build-check.
Each prints its name and its seconds. One that cannot run, because a compiler or a library is missing,
has failed. `--list` prints the table, `--missing [CHECK ...]` the packages (Debian's names) that the
checks need and that are not here.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import valgrind

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build-check"

# The oldest libuv that meson.build takes. Its release is in the source package of Python's uvloop,
# pinned by its hash; but for documents and pictures it has what the tag v1.42.0 has.
OLDEST_LIBUV = "1.42.0"
LIBUV_PACKAGE = "uvloop==0.16.0"
LIBUV_HASH = "f74bc20c7b67d1c27c72601c78cf95be99d5c2cdd4514502b4f3eb0933ff1228"
LIBUV_INSIDE = "uvloop-0.16.0/vendor/libuv"

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion"]

ZLIB_32_BIT = """\
Name: zlib
Description: what lib32z1-dev installs
Version: 1.2
Libs: -L/usr/lib32 -lz
"""

# The test programs of the floors.
FLOORS_0_TO_2 = ["core", "wire", "session", "session-allocation", "conformance", "simulation"]
FLOORS_3_AND_4 = ["net", "net-threads", "httpstream", "coroutines", "many-loops"]

# What meson_options.txt has, and what is built for each of its values that is not the one that all
# other checks build. "on" and "off" that stand nowhere are the defaults.
LIBRARIES_ALONE = ["-Dtests=false", "-Dtools=false"]
VARIANTS = {
    "io": {"off": ["-Dio=false", "-Dtests=false"]},
    "kube": {"off": ["-Dkube=false", "-Dtests=false"]},
    "tools": {"off": LIBRARIES_ALONE},
    "tests": {"off": ["-Dtests=false"], "on": ["-Dtests=true", "-Dkube=false"]},
    "pcap": {
        "off": ["-Dpcap=disabled", "-Dtests=false"],
        "on": ["-Dpcap=enabled", "-Dtests=false"],
    },
    "fuzzers": {"on": ["-Dfuzzers=true", "-Dkube=false", "-Dtests=false", "-Db_lundef=false"]},
    "fuzzing_engine": {},  # is set by OSS-Fuzz: test/tools/test_oss_fuzz.py
    "default_library": {
        "static": ["-Ddefault_library=static", *LIBRARIES_ALONE],
        "shared": ["-Ddefault_library=shared", *LIBRARIES_ALONE],
    },
}


class Failure(Exception):
    """What a check has found, for people to read."""


@dataclass
class Need:
    """A package that a check cannot do without, and what shows that it is here."""

    package: str
    command: str | None = None
    file: str | None = None

    def is_here(self):
        if self.command is not None:
            return shutil.which(self.command) is not None
        return pathlib.Path(self.file).exists()


@dataclass
class Check:
    name: str
    promise: str
    run: Callable[[], None]
    needs: Callable[[], list[Need]] = field(default=lambda: [])


def run(*command, cwd=ROOT, env=None):
    """Runs a command that has to succeed; its output goes where ours does."""
    print("+ " + shlex.join(str(word) for word in command), flush=True)
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**os.environ, **(env or {})}
    )
    if done.returncode != 0:
        raise Failure(f"{command[0]} exited with {done.returncode}")


# ---- compilers


def newest(versions):
    """The highest of "clang-14", "clang-22", ...; None of none."""
    numbers = [int(match[1]) for match in map(re.compile(r"clang-(\d+)$").match, versions) if match]
    return max(numbers, default=None)


def newest_clang():
    """The number of the newest clang that apt-get has; without apt-get, that is here."""
    here = [
        file.name.replace("clang++", "clang")
        for folder in os.environ["PATH"].split(":")
        for file in pathlib.Path(folder).glob("clang++-*")
    ]
    known = []
    if shutil.which("apt-cache"):
        done = subprocess.run(
            ["apt-cache", "search", "--names-only", "^clang-[0-9]+$"],
            capture_output=True,
            text=True,
        )
        known = [line.split(" ")[0] for line in done.stdout.splitlines()]
    number = newest(known or here)
    if number is None:
        raise Failure("there is no clang, here or in the lists of apt-get")
    return number


def clang():
    return f"clang++-{newest_clang()}"


def need_clang():
    return [Need(f"clang-{newest_clang()}", command=clang())]


def need_libcxx():
    number = newest_clang()
    include = f"/usr/lib/llvm-{number}/include/c++/v1/version"
    library = f"/usr/lib/llvm-{number}/lib/libc++abi.so"
    return [
        *need_clang(),
        Need(f"libc++-{number}-dev", file=include),
        Need(f"libc++abi-{number}-dev", file=library),
    ]


def gcc():
    """g++, or the newer one that tools/dev has chosen beside it."""
    chosen = os.environ.get("CXX", "")
    return chosen if chosen.startswith("g++") else "g++"


def with_ccache(*compiler):
    return " ".join([*(["ccache"] if shutil.which("ccache") else []), *compiler])


# ---- building


def configure(name, options, env=None):
    """The build folder of that name, set up as asked; begun anew when that has changed."""
    folder = FOLDER / name
    asked = json.dumps([options, env])
    mark = folder / "asked"
    if not (folder / "build.ninja").exists() or not mark.exists() or mark.read_text() != asked:
        shutil.rmtree(folder, ignore_errors=True)
        run("meson", "setup", folder, "-Dwerror=true", *options, env=env)
        mark.write_text(asked)
    return folder


def build(folder, *targets):
    run("ninja", "-k0", "-C", folder, *targets)  # all that is wrong at once


def test_programs(folder, names):
    """name: the program, of the tests of these names."""
    done = subprocess.run(
        ["meson", "introspect", "--tests", str(folder)], check=True, capture_output=True, text=True
    )
    tests = {test["name"]: test for test in json.loads(done.stdout)}
    missing = [name for name in names if name not in tests]
    if missing:
        raise Failure(f"{folder} has no tests {', '.join(missing)}")
    return {name: pathlib.Path(tests[name]["cmd"][0]) for name in names}


def test(folder, names, env=None):
    programs = test_programs(folder, names)
    build(folder, *(program.relative_to(folder) for program in programs.values()))
    log = folder / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    run("meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", *names, env=env)
    run(sys.executable, "test/support/count_results.py", log, "--strict")


# ---- what is checked


def clang_debug():
    folder = configure(
        "clang-debug", ["-Dbuildtype=debug", "-Dtests=false"], {"CXX": with_ccache(clang())}
    )
    build(folder)


def clang_release():
    folder = configure(
        "clang-release", ["-Dbuildtype=release", "-Dtests=false"], {"CXX": with_ccache(clang())}
    )
    build(folder)
    check_hardening(folder)


def gcc_release():
    folder = configure(
        "gcc-release", ["-Dbuildtype=release", "-Dtests=false"], {"CXX": with_ccache(gcc())}
    )
    build(folder)
    check_hardening(folder, "--checked-calls")


def targets(folder):
    """(name, kind, files) of each target of a build folder."""
    done = subprocess.run(
        ["meson", "introspect", "--targets", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    for target in json.loads(done.stdout):
        yield target["name"], target["type"], target["filename"]


def check_hardening(folder, *options):
    """Of the command and the shared libraries (docs/security.md)."""
    files = [
        file
        for name, kind, found in targets(folder)
        if name == "uvspdy" and kind == "executable" or kind == "shared library"
        for file in found
    ]
    run(sys.executable, "test/structure/check_hardening.py", *options, *files)


def catch2_options():
    """Catch2 2 is a header; Catch2 3 is a library too, which fits one standard library and 64 bits."""
    if pathlib.Path("/usr/include/catch2/catch.hpp").exists():
        return []
    return ["-Dforce_fallback_for=catch2"]


def libcxx():
    flag = "-stdlib=libc++"
    # Linked statically: Debian 12 has the newest libc++ as headers and an archive, and only an older
    # one to share.
    options = ["-Dbuildtype=debug", f"-Dcpp_args={flag}"]
    options += [f"-Dcpp_link_args={flag} -static-libstdc++"]
    options += ["-Dkube=false", "-Ddefault_library=static", *catch2_options()]
    folder = configure("libc++", options, {"CXX": with_ccache(clang())})
    test(folder, FLOORS_0_TO_2 + FLOORS_3_AND_4)


def need_32_bit():
    return [
        Need(f"{gcc()}-multilib",
             file=f"/usr/lib/gcc/x86_64-linux-gnu/{gcc_version()}/32/libstdc++.so"),
        Need("lib32z1-dev", file="/usr/lib32/libz.so"),
    ]


def gcc_version():
    done = subprocess.run([gcc(), "-dumpversion"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def bits_32():
    # What fits 32 bits: Catch2's headers, and a zlib that no other .pc file names.
    folder = FOLDER / "32-bit-pkgconfig"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zlib.pc").write_text(ZLIB_32_BIT)
    env = {"CXX": with_ccache(gcc(), "-m32"), "PKG_CONFIG_LIBDIR": f"{folder}:/usr/share/pkgconfig"}
    options = ["-Dbuildtype=debug", "-Doptimization=1", "-Dio=false", *catch2_options()]
    test(configure("32-bit", options, env), FLOORS_0_TO_2, {"UVSPDY_TEST_SEEDS": "1000"})


def need_oldest_libuv():
    return [Need("cmake", command="cmake"), Need("python3-pip", command="pip3")]


def built_libuv():
    """The folder that the oldest libuv is installed into."""
    folder = FOLDER / f"libuv-{OLDEST_LIBUV}"
    installed = folder / "installed"
    if (installed / "lib/pkgconfig/libuv.pc").exists():
        return installed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{LIBUV_PACKAGE} --hash=sha256:{LIBUV_HASH}\n")
    run("pip3", "download", "--no-deps", "--no-binary", ":all:", "--require-hashes", "-r",
        requirements, "-d", folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder)
    source = folder / LIBUV_INSIDE
    run("cmake", "-S", source, "-B", folder / "build", "-DLIBUV_BUILD_TESTS=OFF",
        "-DBUILD_TESTING=OFF", f"-DCMAKE_INSTALL_PREFIX={installed}", "-DCMAKE_INSTALL_LIBDIR=lib")
    run("cmake", "--build", folder / "build")
    run("cmake", "--install", folder / "build")
    return installed


def oldest_libuv():
    libraries = built_libuv() / "lib"
    env = {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"), "CXX": with_ccache(gcc())}
    options = ["-Dbuildtype=debug", "-Dkube=false", "-Ddefault_library=static"]
    folder = configure("oldest-libuv", options, env)
    known = subprocess.run(
        ["meson", "introspect", "--dependencies", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    used = {d["name"]: d.get("version") for d in json.loads(known.stdout)}.get("libuv")
    if used not in (None, OLDEST_LIBUV):
        raise Failure(f"meson has taken libuv {used}, not {OLDEST_LIBUV}")
    test(folder, FLOORS_3_AND_4, {"LD_LIBRARY_PATH": str(libraries)})


def variants():
    """(the name of its build folder, meson's options) for each value of each option."""
    for option, values in VARIANTS.items():
        for value, options in values.items():
            yield f"{option}-{value}", options


def need_options():
    number = newest_clang()
    runtime = f"/usr/lib/llvm-{number}/lib/clang/{number}/lib/linux/libclang_rt.fuzzer-x86_64.a"
    return [
        *need_clang(),
        Need(f"libclang-rt-{number}-dev", file=runtime),
        Need("libpcap-dev", file="/usr/include/pcap/pcap.h"),
    ]


def options():
    for name, chosen in variants():
        compiler = clang() if name.startswith("fuzzers") else gcc()
        folder = configure(
            f"option-{name}", ["-Dbuildtype=debug", *chosen], {"CXX": with_ccache(compiler)}
        )
        build(folder, *targets_of(name, folder))


def targets_of(variant, folder):
    """The targets to build in the folder; an empty list means all."""
    if variant == "tests-on":  # the tests are what `tools/dev test` builds
        return libraries(folder)
    if variant == "fuzzers-on":  # other programs do not link: they lack libFuzzer
        return ["fuzzers"]
    return []


def libraries(folder):
    return [
        pathlib.Path(file).relative_to(folder)
        for _, kind, files in targets(folder)
        if "library" in kind
        for file in files
    ]


def headers():
    """Each public header by itself, and all of them together, twice."""
    folder = configure("headers", ["-Dtests=false", "-Dtools=false"], {"CXX": gcc()})
    include = ROOT / "include"
    names = [file.relative_to(include).as_posix() for file in sorted(include.rglob("*.h"))]
    names.append("uvspdy/version.h")
    together = "".join(f"#include <{name}>\n" for name in names) * 2
    texts = {name: f"#include <{name}>\n" for name in names} | {"all headers": together}
    jobs = [(compiler, name) for compiler in (gcc(), clang()) for name in texts]

    def look_at(job):
        compiler, name = job
        return subprocess.run(
            [compiler, "-std=c++20", "-fsyntax-only", *STRICT, "-Werror", f"-I{include}",
             f"-I{folder / 'include'}", "-x", "c++", "-"],
            input=texts[name],
            capture_output=True,
            text=True,
        )

    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (compiler, name), done in zip(jobs, pool.map(look_at, jobs)):
            if done.returncode != 0:
                failed.append(f"{name} ({compiler})")
                print(f"{name} ({compiler}):\n{done.stderr}", flush=True)
    print(f"{len(names)} headers, each alone and all together, by 2 compilers")
    if failed:
        raise Failure(", ".join(failed))


def need_valgrind():
    return [
        Need("valgrind", command="valgrind"),
        Need("libc6-dbg", file="/usr/share/doc/libc6-dbg"),  # names of what Valgrind replaces
    ]


def memcheck():
    options = ["-Dkube=false", "-Ddefault_library=static"]
    folder = configure("valgrind", options, {"CXX": with_ccache(gcc())})
    programs = test_programs(folder, valgrind.TESTS)
    build(folder, *(program.relative_to(folder) for program in programs.values()))
    failed = valgrind.check(folder)
    if failed:
        raise Failure(", ".join(failed))


def need_lint():
    # As tools/dev chooses them: version 14 before the one of no number.
    return [
        Need(name, command=f"{name}-14" if shutil.which(f"{name}-14") else name)
        for name in ("clang-format", "clang-tidy")
    ]


CHECKS = [
    Check("headers", "public headers alone and together, strict warnings, g++ and the newest clang",
          headers, need_clang),
    Check("clang-debug", "libraries, command, examples: the newest clang, debug",
          clang_debug, need_clang),
    Check("clang-release", "libraries, command, examples: the newest clang, release, hardened",
          clang_release, need_clang),
    Check("gcc-release", "libraries, command, examples: g++, release, hardened", gcc_release),
    Check("32-bit", "floors 0 to 2 and their tests: g++ -m32", bits_32, need_32_bit),
    Check("libc++", "floors 0 to 4 and their tests: the newest clang with libc++",
          libcxx, need_libcxx),
    Check("oldest-libuv", f"tests of floors 3 and 4 with libuv {OLDEST_LIBUV}",
          oldest_libuv, need_oldest_libuv),
    Check("options", "each option of meson off and on, and each kind of library",
          options, need_options),
    Check("valgrind", "floors 0 to 4: their tests under memcheck", memcheck, need_valgrind),
    Check("coverage", "floors 1 to 4: no less than tools/coverage.py asks for",
          lambda: run("tools/dev", "coverage", "--no-install"),
          lambda: [Need("gcovr", command="gcovr")]),
    Check("lint", "formatting, and clang-tidy for everything",
          lambda: run("tools/dev", "lint", "--no-install"), need_lint),
]


def find(names):
    """The checks of these names, or all."""
    known = {check.name: check for check in CHECKS}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise Failure(f"there is no check {', '.join(wrong)}; they are: {' '.join(known)}")
    return [known[name] for name in names] or CHECKS


def missing_packages(checks):
    needs = [need for check in checks for need in check.needs()]
    return list(dict.fromkeys(need.package for need in needs if not need.is_here()))


def run_check(check):
    """Whether what is promised holds."""
    start = time.monotonic()
    print(f"== {check.name}: {check.promise}", flush=True)
    try:
        missing = missing_packages([check])
        if missing:
            raise Failure(f"missing: {' '.join(missing)}")
        check.run()
        result = "ok"
    except (Failure, OSError, subprocess.CalledProcessError) as failure:
        result = f"FAILED: {failure}"
    print(f"== {check.name}: {time.monotonic() - start:.0f} s, {result}", flush=True)
    return result == "ok"


def main():
    os.chdir(ROOT)
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["--list"]:
            print("\n".join(f"{check.name:<14} {check.promise}" for check in find(arguments[1:])))
            return
        if arguments[:1] == ["--missing"]:
            print("\n".join(missing_packages(find(arguments[1:]))))
            return
        checks = find(arguments)
    except Failure as failure:
        sys.exit(f"tools/dev: release-check: {failure}")
    failed = [check.name for check in checks if not run_check(check)]
    print(f"{len(checks) - len(failed)} of {len(checks)} checks hold")
    if failed:
        sys.exit(f"tools/dev: release-check: {', '.join(failed)}: not as promised")


if __name__ == "__main__":
    main()
