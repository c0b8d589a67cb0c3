"""The code in comments and documents is quoted from programs that the tests run: check_examples.py ROOT.

In a public header, an indented block of a comment that has ';' or '{' in it is code: its lines stand
together in the program that the paragraph in front of it names ("docs/examples/echo.cpp:"). In a
document the same goes for a block of ```cpp, in any of the programs. Ends with "N passed, N failed,
N skipped", counted in checks.
"""

import pathlib
import re
import sys
import textwrap

EXAMPLES = "docs/examples"
COMMENT = re.compile(r"^[ \t]*//[/]? ?(.*)$")
NAMED = re.compile(r"docs/examples/(\w+\.cpp):$")
FENCED = re.compile(r"^```cpp\n(.*?)^```$", re.M | re.S)


def comments(text):
    """(line number, lines) for each run of comment lines, without their slashes."""
    run, start = [], 0
    for number, line in enumerate(text.splitlines() + [""], 1):
        match = COMMENT.match(line)
        if match:
            start = start or number
            run.append(match[1])
        elif run:
            yield start, run
            run, start = [], 0


def code_blocks(text):
    """(line number, what the comment says in front, code) for each block of code in a comment."""
    for start, lines in comments(text):
        index = 0
        while index < len(lines):
            if not lines[index].startswith("    "):
                index += 1
                continue
            end = index
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end]):
                end += 1
            code = textwrap.dedent("\n".join(lines[index:end])).strip("\n")
            if re.search(r"[;{]", code):
                yield start + index, " ".join(lines[:index]).strip(), code
            index = end


def stands_in(code, program):
    """Whether the lines of `code` stand together in a program, however far they are indented."""
    wanted = code.splitlines()
    lines = program.splitlines()
    for at in range(len(lines) - len(wanted) + 1):
        if textwrap.dedent("\n".join(lines[at : at + len(wanted)])).splitlines() == wanted:
            return True
    return False


def programs(root):
    return {path.name: path.read_text(encoding="utf-8") for path in (root / EXAMPLES).glob("*.cpp")}


def code_in_comments_is_quoted_from_programs(root):
    known = programs(root)
    for path in sorted((root / "include").rglob("*.h")):
        name = path.relative_to(root).as_posix()
        for line, before, code in code_blocks(path.read_text(encoding="utf-8")):
            named = NAMED.search(before)
            if not named:
                yield (f"{name}:{line}: the text in front of the code does not end with "
                       f"'{EXAMPLES}/NAME.cpp:'")
            elif named[1] not in known:
                yield f"{name}:{line}: there is no {EXAMPLES}/{named[1]}"
            elif not stands_in(code, known[named[1]]):
                yield f"{name}:{line}: these lines do not stand in {EXAMPLES}/{named[1]}"


def code_in_documents_is_quoted_from_programs(root):
    known = programs(root)
    for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            code = textwrap.dedent(match[1]).strip("\n")
            if not any(stands_in(code, program) for program in known.values()):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(root)}:{line}: no program in {EXAMPLES} has this code"


def every_program_is_built(root):
    listed = (root / EXAMPLES / "meson.build").read_text(encoding="utf-8")
    for name in sorted(programs(root)):
        if f"'{name.removesuffix('.cpp')}'" not in listed:
            yield f"{EXAMPLES}/{name} does not stand in {EXAMPLES}/meson.build"


def main():
    root = pathlib.Path(sys.argv[1])
    checks = [
        code_in_comments_is_quoted_from_programs,
        code_in_documents_is_quoted_from_programs,
        every_program_is_built,
    ]
    failed = 0
    for check in checks:
        problems = list(check(root))
        failed += bool(problems)
        print(f"{check.__name__.replace('_', ' ')}: {'FAILED' if problems else 'ok'}")
        for problem in problems:
            print(f"  {problem}")
    print(f"{len(checks) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
