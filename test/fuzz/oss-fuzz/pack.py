"""Puts the fuzzers of a build where OSS-Fuzz looks for them: pack.py BUILD OUT.

Each fuzzer comes with its dictionary (NAME.dict), its seeds (NAME_seed_corpus.zip, in which files
are named by their SHA-1), and the shared libraries that it loads (lib/), but for those of glibc.
Fails when a fuzzer of test/fuzz has not been built.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True

import fuzz  # noqa: E402

# What every Linux has.
GLIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|gcc_s))\.so\.\d+$")


def programs(build):
    """{name: path} of the fuzzers that meson builds."""
    targets = subprocess.run(
        ["meson", "introspect", "--targets", build], check=True, capture_output=True, text=True
    )
    return {
        target["name"]: pathlib.Path(target["filename"][0])
        for target in json.loads(targets.stdout)
        if target["type"] == "executable"
        and pathlib.Path(target["defined_in"]).parent == ROOT / fuzz.SOURCES
    }


def libraries(program):
    """The paths of the shared libraries of a program that are not glibc's."""
    found = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    paths = re.findall(r"=> (/\S+)", found)
    return [path for path in paths if not GLIBC.match(pathlib.Path(path).name)]


def write_seeds(folder, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for seed in sorted(path for path in folder.iterdir() if path.is_file()):
            content = seed.read_bytes()
            file.writestr(hashlib.sha1(content).hexdigest(), content)


def pack(name, program, out):
    shutil.copy(program, out / name)
    shutil.copy(ROOT / fuzz.SOURCES / fuzz.dictionary(name), out / f"{name}.dict")
    write_seeds(ROOT / fuzz.SOURCES / "corpus" / name, out / f"{name}_seed_corpus.zip")
    for library in libraries(program):
        (out / "lib").mkdir(exist_ok=True)
        shutil.copy(library, out / "lib")


def main():
    build, out = map(pathlib.Path, sys.argv[1:])
    built = programs(build)
    missing = sorted(set(fuzz.all_names()) - set(built))
    if missing:
        sys.exit(f"pack.py: not built, for want of a library: {' '.join(missing)}")
    for name, program in sorted(built.items()):
        pack(name, program, out)


if __name__ == "__main__":
    main()
