"""Runs clang-tidy over lib and tools: lint.py --tidy PROGRAM [--build FOLDER] [--changed [BASE]].

FOLDER is a complete build; its compile_commands.json says how each file is compiled. A file without a
finding is not looked at again as long as all that clang-tidy reads for it stays the same: FOLDER/lint
keeps a mark for each. With --changed only what differs from the commit BASE is looked at: sources, and
for each header one source that includes it. Without BASE it is the commit that CONTRIBUTING.md names
as the last one of which everything was looked at; where git does not know it, or the checks have
changed, everything is looked at. Exits with 1 when there is a finding.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIGURATION = ".clang-tidy"
LAST_GREEN = re.compile(r"^Last green run of everything: .*\(([0-9a-f]{7,40})\)\.?$", re.M)
# "OBJECT: #deps N, deps mtime T (VALID)" and, indented below it, what the object was made from.
OBJECT = re.compile(r"^(\S.*): #deps \d+, deps mtime \d+ \(VALID\)$")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_dependencies(text):
    """object: the files that it was made from, as `ninja -t deps` prints them."""
    dependencies, current = {}, None
    for line in text.splitlines():
        match = OBJECT.match(line)
        if match:
            current = dependencies.setdefault(match[1], [])
        elif line.startswith("    ") and current is not None:
            current.append(line.strip())
        else:
            current = None
    return dependencies


def last_green_commit(contributing):
    match = LAST_GREEN.search(contributing)
    return match[1] if match else None


def changed_since(base):
    """The files that differ from `base`, or None if git does not know it."""
    known = subprocess.run(
        ["git", "merge-base", "--is-ancestor", base, "HEAD"], capture_output=True
    )
    if known.returncode != 0:
        return None
    names = output_of("git", "diff", "--name-only", base)
    names += output_of("git", "ls-files", "--others", "--exclude-standard")
    return set(names.splitlines())


def choose(sources, includes, changed):
    """Which of `sources` to look at, for the files in `changed`.

    `includes` has the files of this project that each source was made from.
    """
    chosen = {source for source in sources if source in changed}
    for header in sorted(name for name in changed if name.endswith(".h")):
        users = [source for source in sources if header in includes.get(source, ())]
        if not users or chosen.intersection(users):
            continue
        stem = pathlib.PurePosixPath(header).stem
        own = [source for source in users if pathlib.PurePosixPath(source).stem == stem]
        chosen.add((own or users)[0])
    return [source for source in sources if source in chosen]


class Compilation:
    """How each source is compiled, and from what."""

    def __init__(self, build):
        self.commands = {}
        self.files = {}
        dependencies = read_dependencies(output_of("ninja", "-C", str(build), "-t", "deps"))
        entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        for entry in entries:
            folder = pathlib.Path(entry["directory"])
            source = self.name(folder / entry["file"])
            if source in self.commands or entry.get("output") not in dependencies:
                continue
            self.commands[source] = entry["command"]
            self.files[source] = [self.name(folder / f) for f in dependencies[entry["output"]]]

    @staticmethod
    def name(path):
        """Relative to the project, or absolute for what is outside of it."""
        path = pathlib.Path(os.path.normpath(path))
        return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)

    def key(self, source, seed):
        """Stands for all that clang-tidy reads for `source`; None if that is not known."""
        if source not in self.commands:
            return None
        digest = hashlib.sha256(seed)
        digest.update(self.commands[source].encode())
        for name in [source, *self.files[source]]:
            path = ROOT / name
            digest.update(b"\0" + name.encode() + b"\0")
            if os.path.isabs(name):  # the system's: its packages replace the file
                status = path.stat()
                digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
            else:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def look_at(tidy, build, source):
    """What clang-tidy finds in `source`, or None."""
    done = subprocess.run(
        [tidy, "-p", str(build), "--quiet", source], capture_output=True, text=True
    )
    return None if done.returncode == 0 else done.stdout or done.stderr


def lint(tidy, build, sources, compilation):
    """The sources with findings, which it prints."""
    seed = output_of(tidy, "--version").encode() + (ROOT / CONFIGURATION).read_bytes()
    marks = build / "lint"
    marks.mkdir(exist_ok=True)
    keys = {source: compilation.key(source, seed) for source in sources}
    new = [s for s in sources if keys[s] is None or not (marks / keys[s]).exists()]
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(look_at, tidy, build, source): source for source in new}
        for run in concurrent.futures.as_completed(runs):
            source = runs[run]
            if run.result() is not None:
                failed.append(source)
                print(run.result(), flush=True)
            elif keys[source] is not None:
                (marks / keys[source]).touch()
    print(f"clang-tidy: {len(sources)} files, of which {len(sources) - len(new)} are as they were "
          f"when nothing was found in them; {len(failed)} with findings")
    return sorted(failed)


def main():
    os.chdir(ROOT)
    parser = argparse.ArgumentParser()
    parser.add_argument("--tidy", required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--changed", nargs="?", const="", default=None, metavar="BASE")
    options = parser.parse_args()
    sources = output_of(
        "git", "ls-files", "--cached", "--others", "--exclude-standard", "lib/*.cpp", "tools/*.cpp"
    ).splitlines()
    compilation = Compilation(options.build)
    if options.changed is not None:
        contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        base = options.changed or last_green_commit(contributing)
        changed = changed_since(base) if base else None
        if base is None:
            print("clang-tidy: CONTRIBUTING.md names no commit; looking at everything")
        elif changed is None:
            print(f"clang-tidy: git does not know the commit {base}; looking at everything")
        elif CONFIGURATION in changed:
            print(f"clang-tidy: {CONFIGURATION} has changed; looking at everything")
        else:
            sources = choose(sources, compilation.files, changed)
            print(f"clang-tidy: looking at what has changed since {base}")
    failed = lint(options.tidy, options.build, sources, compilation)
    if failed:
        sys.exit("tools/dev: lint: clang-tidy is not content with " + ", ".join(failed))


if __name__ == "__main__":
    main()
