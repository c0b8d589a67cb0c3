"""test/fuzz/oss-fuzz: its build.sh runs as in OSS-Fuzz's container, but for the compiling.

A stand-in for ninja makes a small program of each target that meson has for the alias `fuzzers`, so
that this takes seconds. With UVSPDY_OSS_FUZZ=1 ninja itself runs (many minutes), and each fuzzer
then runs over its seeds.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import zipfile

import fuzz

FOLDER = fuzz.ROOT / fuzz.SOURCES / "oss-fuzz"
WHOLE = os.environ.get("UVSPDY_OSS_FUZZ") == "1"
# What ninja builds for the alias, asked of the real one.
STAND_IN = """\
#!/bin/sh
[ "$1" = -C ] && [ "$3" = fuzzers ] || exit 2
for program in $({ninja} -C "$2" -t query fuzzers | grep -o 'test/fuzz/[a-z_]*$' | sort -u); do
  printf '#!/bin/sh\\n' >"$2/$program" && chmod +x "$2/$program" || exit 1
done
"""


def clang():
    names = ["clang++", *(f"clang++-{number}" for number in range(14, 26))]
    return next((name for name in names if shutil.which(name)), None)


def links_fuzzers(compiler):
    source = 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }'
    command = [compiler, "-x", "c++", "-fsanitize=fuzzer", "-o", "/dev/null", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True).returncode == 0


class Layout(unittest.TestCase):
    def test_project_has_what_oss_fuzz_asks_for(self):
        text = (FOLDER / "project.yaml").read_text(encoding="utf-8")
        keys = re.findall(r"^(\w+):", text, re.M)
        for key in ["homepage", "main_repo", "primary_contact", "language", "base_os_version"]:
            self.assertIn(key, keys)

    def test_container_has_the_folders_that_the_script_reads(self):
        container = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
        script = (FOLDER / "build.sh").read_text(encoding="utf-8")
        folders = set(re.findall(r"\$SRC/([\w-]+)", script))
        self.assertEqual(set(re.findall(r" \$SRC/([\w-]+)$", container, re.M)), folders)
        version = re.search(r"^base_os_version: (\S+)", (FOLDER / "project.yaml").read_text(), re.M)
        self.assertIn(f"base-builder:{version[1]}\n", container)
        self.assertTrue(os.access(FOLDER / "build.sh", os.X_OK))


class Build(unittest.TestCase):
    def setUp(self):
        self.compiler = clang()
        if not self.compiler or not links_fuzzers(self.compiler):
            self.skipTest("there is no clang that links -fsanitize=fuzzer")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ["src", "out", "work", "bin"]:
            (self.folder / name).mkdir()
        (self.folder / "src/uvspdy").symlink_to(fuzz.ROOT)
        self.out = self.folder / "out"

    def build(self):
        flags = "-O1 -gline-tables-only -fsanitize=address -fsanitize=fuzzer-no-link"
        path = os.environ["PATH"]
        if not WHOLE:
            stand_in = self.folder / "bin/ninja"
            stand_in.write_text(STAND_IN.format(ninja=shutil.which("ninja")), encoding="utf-8")
            stand_in.chmod(0o755)
            path = f"{self.folder / 'bin'}:{path}"
        environment = {
            **os.environ,
            "PATH": path,
            "NINJA": shutil.which("ninja"),  # for meson, which asks for its version
            "SRC": str(self.folder / "src"),
            "OUT": str(self.out),
            "WORK": str(self.folder / "work"),
            "CC": self.compiler.replace("++", ""),
            "CXX": self.compiler,
            "CFLAGS": flags,
            "CXXFLAGS": flags,
            "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer",
        }
        return subprocess.run(
            [FOLDER / "build.sh"],
            cwd=fuzz.ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_each_fuzzer_comes_with_dictionary_and_seeds(self):
        done = self.build()
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        for name in fuzz.all_names():
            with self.subTest(name):
                self.assertTrue(os.access(self.out / name, os.X_OK))
                self.assertTrue((self.out / f"{name}.dict").is_file())
                corpus = fuzz.ROOT / fuzz.SOURCES / "corpus" / name
                with zipfile.ZipFile(self.out / f"{name}_seed_corpus.zip") as seeds:
                    contents = {seeds.read(seed) for seed in seeds.namelist()}
                self.assertEqual(contents, {seed.read_bytes() for seed in corpus.iterdir()})
                self.assertTrue(contents)
        rest = {path.name.split(".")[0] for path in self.out.iterdir()} - {"lib"}
        self.assertEqual(
            rest, {each for name in fuzz.all_names() for each in [name, name + "_seed_corpus"]}
        )
        if WHOLE:
            self.run_each()

    def run_each(self):
        for name in fuzz.all_names():
            with self.subTest(name):
                seeds = self.folder / name
                with zipfile.ZipFile(self.out / f"{name}_seed_corpus.zip") as archive:
                    archive.extractall(seeds)
                done = subprocess.run(
                    [self.out / name, "-runs=0", f"-artifact_prefix={self.folder}/", seeds],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
                self.assertEqual(done.returncode, 0, done.stdout[-4000:])
                loaded = subprocess.run(["ldd", self.out / name], capture_output=True, text=True)
                self.assertNotIn(" => not found", loaded.stdout)
                for library in (self.out / "lib").iterdir():
                    if library.name in loaded.stdout:
                        self.assertIn(f"{library.name} => {library} ", loaded.stdout)
