"""The installed package as its users meet it: through pkg-config and through CMake."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["UVSPDY_BUILD"])
SOURCE = pathlib.Path(os.environ["UVSPDY_SOURCE"])

# Uses both libraries, so that both must link.
PROGRAM = """
#include <uvspdy/httpstream.h>
#include <uvspdy/kube.h>
#include <uvspdy/version.h>
#include <cstdio>
int main() {
  auto url = uvspdy::httpstream::parse_url("http://127.0.0.1:8080/x");
  auto status = uvspdy::kube::exit_status(3);
  std::printf("%s %u %d\\n", uvspdy::kVersionText, url->port, *uvspdy::kube::exit_code(status));
}
"""

CMAKE_LISTS = """
cmake_minimum_required(VERSION 3.20)
project(consumer CXX)
find_package(uvspdy 0.1 REQUIRED)
add_executable(consumer consumer.cpp)
target_link_libraries(consumer PRIVATE uvspdy::uvspdy-kube)
"""

STRICT = ["-Wall", "-Wextra", "-Wpedantic"]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class InstalledPackage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="uvspdy-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        root = cls.folder / "root"
        run("meson", "install", "-C", str(BUILD), "--no-rebuild", "--destdir", str(root))
        config = next(root.rglob("uvspdyConfig.cmake"))
        cls.pkgconfig = next(root.rglob("uvspdy.pc")).parent
        cls.libraries = cls.pkgconfig.parent
        cls.cmake = config.parent
        cls.prefix = next(root.rglob("include/uvspdy")).parent.parent
        cls.program = cls.folder / "consumer.cpp"
        cls.program.write_text(PROGRAM)
        cls.compiler = os.environ.get("UVSPDY_CXX", "c++").split()

    def check_output(self, program):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(self.libraries))
        version = run("meson", "introspect", "--projectinfo", str(BUILD)).split('"version": "')[1]
        self.assertEqual(run(str(program), env=environment), version.split('"')[0] + " 8080 3\n")

    def test_pkg_config(self):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.pkgconfig))
        flags = run("pkg-config", "--cflags", "--libs", f"--define-variable=prefix={self.prefix}",
                    "uvspdy-kube", "uvspdy", env=environment).split()
        program = self.folder / "by-pkg-config"
        run(*self.compiler, "-std=c++20", str(self.program), "-o", str(program), *flags)
        self.check_output(program)

    def test_the_readme_builds_its_program(self):
        readme = (SOURCE / "README.md").read_text()
        program = readme.split("```cpp\n")[1].split("```")[0]
        lines = [line.strip() for line in readme.splitlines() if line.startswith("    g++ ")]
        self.assertEqual(len(lines), 1)
        folder = self.folder / "readme"
        folder.mkdir()
        (folder / "echo.cpp").write_text(program)
        # What is installed here stands elsewhere than its .pc file says.
        wrapper = folder / "pkg-config"
        wrapper.write_text(f"""#!/bin/sh
exec "{shutil.which("pkg-config")}" --define-variable=prefix='{self.prefix}' "$@"
""")
        wrapper.chmod(0o755)
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.pkgconfig),
                           PATH=f"{folder}:{os.environ['PATH']}",
                           LD_LIBRARY_PATH=str(self.libraries))
        run("sh", "-c", lines[0].replace("g++", " ".join(self.compiler), 1), cwd=folder, env=environment)
        self.assertEqual(run(str(folder / "echo"), env=environment), "hello, stream\n")

    def test_cmake(self):
        if not shutil.which("cmake"):
            self.skipTest("cmake is not installed")
        project = self.folder / "project"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(CMAKE_LISTS)
        shutil.copy(self.program, project / "consumer.cpp")
        run("cmake", "-S", str(project), "-B", str(project / "build"),
            f"-Duvspdy_DIR={self.cmake}", f"-DCMAKE_CXX_COMPILER={self.compiler[-1]}")
        run("cmake", "--build", str(project / "build"))
        self.check_output(project / "build" / "consumer")

    def test_the_public_headers_go_together(self):
        # Each alone, and by several compilers: `tools/dev release-check headers`.
        headers = sorted((self.prefix / "include").rglob("*.h"))
        self.assertGreater(len(headers), 30)
        include = self.prefix / "include"
        lines = "".join(f"#include <{h.relative_to(include)}>\n" for h in headers)
        both = self.folder / "all.cpp"
        both.write_text(lines + lines)
        self.compile(both, *STRICT, "-Wshadow", "-Wconversion", "-Wsign-conversion")

    def test_the_examples_compile_without_a_warning(self):
        for example in sorted((SOURCE / "docs/examples").glob("*.cpp")):
            with self.subTest(example.name):
                self.compile(example, *STRICT)

    def compile(self, source, *warnings):
        include = f"-I{self.prefix / 'include'}"
        run(*self.compiler, "-std=c++20", "-fsyntax-only", *warnings, "-Werror", include, str(source))


if __name__ == "__main__":
    unittest.main()
