"""The promises to embedders (docs/architecture.md, "Promises and their tests"): check_promises.py ROOT.

Those that a reader of the sources can check, and that each of the others names tests which are
there. Ends with "N passed, N failed, N skipped", counted in checks.
"""

import pathlib
import re
import sys

from check_floors import Tree, run_checks

# Who may ask the environment: only when its caller has asked for that.
ENVIRONMENT = {
    "lib/httpstream/proxy.cpp",
    "lib/kube/credentials/credential_plugin.cpp",
    "lib/kube/process/environment.cpp",
}
PROCESS_WIDE = (
    r"(?<![.>\w])(?:sigaction|sigprocmask|pthread_sigmask|uv_signal_init|umask|chdir|setenv|putenv"
    r"|setlocale|atexit|std::(?:signal|exit|quick_exit|abort))\s*\("
)
# Where a broken contract ends the process, with a text.
CONTRACTS = {"lib/core/contract.cpp"}
PROMISES = 21
SECTION = re.compile(r"^## Promises and their tests$(.*?)(?=^## |\Z)", re.M | re.S)
ROW = re.compile(r"^\| (\d+) \|", re.M)
# `test/net/post_test.cpp` "a test case", "another"
NAMED = re.compile(r"`(test/[\w/.]+)`((?:,? \"[^\"]+\")+)")


def the_environment_is_asked_in_few_places(tree):
    for source in tree.library:
        for where, match in source.find(r"\b(?:getenv|uv_os_getenv|uv_os_environ|environ)\b"):
            if source.path not in ENVIRONMENT:
                yield f"{where}: {match.group()}"


def what_belongs_to_the_process_is_left_alone(tree):
    for source in tree.library:
        for where, match in source.find(PROCESS_WIDE):
            if source.path in CONTRACTS and match.group().startswith("std::abort"):
                continue
            yield f"{where}: {match.group().rstrip('( ')}"


def there_are_no_variables_but_constants_and_those_of_a_thread(tree):
    for source in tree.library:
        for where, match in source.find(r"\bstatic\s+(?!const\b|constexpr\b)[^()]*?[=;{(]"):
            if not match.group().endswith("("):  # a function
                yield f"{where}: {match.group()}"


def nothing_is_thrown(tree):
    for source in tree.library:
        # zlib's code for memory that cannot be had becomes what operator new throws.
        for where, _ in source.find(r"\bthrow\b(?! std::bad_alloc\(\);)"):
            yield f"{where}: a throw"


# What throws where it could return an error.
THROWING = r"\.at\s*\(|\bsto(?:i|l|ll|ul|ull|f|d|ld)\s*\(|\bstd::regex\b"
# What does unless it is told not to, and how it is told.
THROWING_JSON = {r"\bjson::parse\s*\([^;]*": "false", r"\.dump\s*\([^;]*": "::replace"}


def nothing_is_called_to_throw(tree):
    for source in tree.library + tree.users:
        if not source.path.startswith(("include/", "lib/", "tools/")):
            continue
        for where, match in source.find(THROWING):
            yield f"{where}: {match.group()} may throw"
        for pattern, told in THROWING_JSON.items():
            for where, match in source.find(pattern):
                if told not in match.group():
                    yield f"{where}: {match.group()} may throw"


def rows(tree):
    section = SECTION.search((tree.root / "docs/architecture.md").read_text(encoding="utf-8"))
    lines = section[1].splitlines() if section else []
    return [line for line in lines if ROW.match(line)]


def each_promise_names_a_test(tree):
    found = [int(ROW.match(row)[1]) for row in rows(tree)]
    if found != list(range(1, PROMISES + 1)):
        yield f"the table has the promises {found}, not 1 to {PROMISES}"
    for row in rows(tree):
        if not NAMED.search(row):
            yield f"no test: {row}"


def the_tests_that_are_named_are_there(tree):
    for row in rows(tree):
        for path, names in NAMED.findall(row):
            file = tree.root / path
            if not file.is_file():
                yield f"there is no {path}"
                continue
            # Names may stand in several literals; Python's are those of functions.
            text = re.sub(r'"\s*"', "", file.read_text(encoding="utf-8"))
            for name in re.findall(r'"([^"]+)"', names):
                sought = f'"{name}"' if path.endswith(".cpp") else f"def {name.replace(' ', '_')}("
                if sought not in text:
                    yield f"{path} has no {sought}"


if __name__ == "__main__":
    run_checks(
        [
            the_environment_is_asked_in_few_places,
            what_belongs_to_the_process_is_left_alone,
            there_are_no_variables_but_constants_and_those_of_a_thread,
            nothing_is_thrown,
            nothing_is_called_to_throw,
            each_promise_names_a_test,
            the_tests_that_are_named_are_there,
        ]
    )
