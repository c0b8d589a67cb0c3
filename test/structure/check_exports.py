"""What the shared libraries show to their users: check_exports.py ROOT [LIBRARY.so ...].

The sources: every class and function that a public header declares, and that is not whole there, is
marked with UVSPDY_EXPORT; what lib defines of the private classes of such a class, its Impl, is
UVSPDY_LOCAL. Such a class shows no fields but a pointer to what lib defines, or every new one would
be another ABI. Every member of a struct of a public header has an initialiser, or users who name some of
them are warned of the others (-Wextra). Given libraries: the names each exports are those of test/structure/exported/NAME.txt.

    --fix     puts the marks into the sources (then: tools/dev lint --fix)
    --write   writes the lists anew

`tools/dev docs --exports` does both. Ends with "N passed, N failed, N skipped", counted in checks.
"""

import argparse
import pathlib
import re
import subprocess
import sys

from check_floors import blank, NOT_CODE

# What they are is their fields: their functions are inline, for speed.
VALUES = {"Buffer", "BufferPool", "Headers", "Iterator", "Piece"}
# Their fields are classes that show none.
COMPOSED = {"Stream", "TerminalResize"}
# Classes that still show their fields.
NOT_YET = {
    "FrameDecoder",
    "FrameEncoder",
    "HeaderDeflater",
    "HeaderInflater",
}

EXPORT = "UVSPDY_EXPORT"
LOCAL = "UVSPDY_LOCAL"
HEADER = '#include "uvspdy/export.h"'

# A preprocessor line, with the lines it goes on in.
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
ATTRIBUTES = re.compile(r"(?:\[\[[^\]]*\]\]\s*)*")
# Whole where they stand, or no declaration of something that a library has.
NOT_EXPORTED = re.compile(
    r"(?:template|using|inline|constexpr|consteval|static_assert|static|extern|typedef|enum|friend)\b"
)
TYPE = re.compile(r"(class|struct|union)\b\s*(?:\[\[[^\]]*\]\]\s*)*(UVSPDY_\w+\s+)?([\w:]+)")


class Declaration:
    """`code[start:end]`; the body, if it has one, is `code[body:end]` from its '{' on."""

    def __init__(self, start, body, end):
        self.start, self.body, self.end = start, body, end


def declarations(code, start, end):
    """What stands in code[start:end], which is the inside of a namespace or of a class."""
    at = start
    begin = None
    depth = 0
    body = None
    while at < end:
        char = code[at]
        if begin is None:
            if char.isspace() or char == ";":
                at += 1
                continue
            begin, body = at, None
            label = re.compile(r"(?:public|protected|private)\s*:").match(code, at)
            if label:
                begin, at = None, label.end()
                continue
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "{" and depth == 0:
            close = closing_brace(code, at)
            if body is None:
                body = at
            at = close
            behind = re.compile(r"\s*").match(code, at + 1).end()
            head = code[begin:body]
            is_type = re.match(ATTRIBUTES.pattern + r"(?:template\b.*?)?(?:class|struct|union|enum)\b", head, re.S)
            # An initialiser or a type goes on to its semicolon; a function or a namespace does not.
            while (without := re.sub(r"\([^()]*\)", "", head)) != head:  # default arguments
                head = without
            if not is_type and code[behind : behind + 1] not in (";", ",", ")", "{") and "=" not in head:
                yield Declaration(begin, body, at + 1)
                begin = None
        elif char == ";" and depth == 0:
            yield Declaration(begin, body, at + 1)
            begin = None
        at += 1


def closing_brace(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return i
    sys.exit(f"a brace is not closed: {code[at:at + 60]}")


def is_function(text):
    """Whether a declaration without a body is one of a function that is defined elsewhere."""
    text = re.sub(r"\boperator\s*[^\w\s(]+", "operator", text)
    while (without := re.sub(r"<[^<>]*>", "", text)) != text:  # std::function<void()> is a variable
        text = without
    return bool(re.match(r"[^=({]*\(", text)) and not re.search(r"=\s*(?:default|delete|0)\s*;$", text)


def exports_something(code, declaration):
    """Whether a class has anything that is not whole in the header."""
    for member in declarations(code, declaration.body + 1, declaration.end - 1):
        text = code[member.start : member.end]
        if member.body is None and re.match(r"(?:explicit |virtual |static |\w)", text):
            if not re.match(r"(?:using|friend|enum|template|typedef|class|struct)\b", text) and is_function(text):
                return True
        if re.match(r"virtual\b", text):
            return True  # its vtable and type_info
    # One that is derived is told apart by its type_info.
    return bool(re.match(r"class\b[^{]*:[^{:]*\bpublic\b", code[declaration.start : declaration.body]))


def marks(code, start, end):
    """(offset, macro) for each place where one belongs."""
    for declaration in declarations(code, start, end):
        text = code[declaration.start : declaration.end]
        if re.match(r"namespace\b", text):
            if declaration.body is not None:
                yield from marks(code, declaration.body + 1, declaration.end - 1)
            continue
        head = ATTRIBUTES.match(text).end()
        if NOT_EXPORTED.match(text, head):
            continue
        found = TYPE.match(text, head)
        if found and declaration.body is not None:
            if not exports_something(code, declaration):
                continue
            yield declaration.start + found.start(3), EXPORT
        elif not found and declaration.body is None and is_function(text):
            yield declaration.start + head, EXPORT


# class Outer::Impl {
PRIVATE_TYPE = re.compile(r"^(?:class|struct) (?:UVSPDY_\w+ )?((\w+)::[\w:]+)[^;{]*\{", re.M)


def missing_exports(text):
    code = DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))
    for offset, macro in marks(code, 0, len(code)):
        # In front of a function's type, or between "class" and the name.
        if not re.compile(macro + r"\b").match(code, offset) and not code[:offset].endswith(macro + " "):
            yield offset, macro


def exported_classes(headers):
    return {
        name
        for path in headers
        for name in re.findall(r"\b(?:class|struct) UVSPDY_EXPORT (\w+)", path.read_text(encoding="utf-8"))
    }


def missing_locals(text, exported):
    for match in PRIVATE_TYPE.finditer(NOT_CODE.sub(blank, text)):
        if match[2] in exported and LOCAL not in match[0]:
            yield match.start(1), LOCAL


def with_marks(text, missing):
    for offset, macro in sorted(missing, reverse=True):
        text = text[:offset] + macro + " " + text[offset:]
    return text


def with_include(text):
    """Among the project's own headers, in their order."""
    own = [m for m in re.finditer(r'^#include "(uvspdy/[^"]+)"\n', text, re.M)]
    for match in own:
        if match[1] > "uvspdy/export.h":
            return text[: match.start()] + HEADER + "\n" + text[match.start() :]
    if own:
        return text[: own[-1].end()] + HEADER + "\n" + text[own[-1].end() :]
    last = list(re.finditer(r"^#(?:include [^\n]+|pragma once)\n", text, re.M))[-1]
    return text[: last.end()] + "\n" + HEADER + "\n" + text[last.end() :]


STRUCT = re.compile(r"^struct (?:UVSPDY_EXPORT )?(\w+)[^;{]*\{", re.M)  # not one inside a class
MEMBER = re.compile(
    r"(?!(?:using|friend|static|struct|class|enum|template|explicit|virtual|constexpr)\b)"
    r"[\w:]+(?:<.*>)?(?:\s*[*&])*\s+(\w+);$",
    re.S,
)


def members_without_initialiser(text):
    """(offset of the semicolon, struct, member)"""
    code = DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))
    for found in STRUCT.finditer(code):
        for member in declarations(code, found.end(), closing_brace(code, found.end() - 1)):
            name = MEMBER.match(code[member.start : member.end])
            if name:
                yield member.end - 1, found[1], name[1]


def structs_have_initialisers(root, fix):
    for path in public_headers(root):
        text = path.read_text(encoding="utf-8")
        missing = list(members_without_initialiser(text))
        if missing and fix:
            for offset, *_ in reversed(missing):
                text = text[:offset] + "{}" + text[offset:]
            path.write_text(text, encoding="utf-8")
            missing = list(members_without_initialiser(text))
        for offset, struct, member in missing:
            line = text.count("\n", 0, offset) + 1
            yield f"{path.relative_to(root)}:{line}: {struct}::{member} has no initialiser"


CLASS = re.compile(r"\bclass UVSPDY_EXPORT (\w+)[^;{]*\{")
FIELD = re.compile(
    r"(?!using|friend|static|class|struct|enum)([\w:<>,\s*&]+?)\s+\*?(\w+_)\s*(?:=[^;]*|\{[^;]*\})?;$", re.S
)

POINTER = re.compile(r"\b(?:unique_ptr|shared_ptr|Counted)<(?:const )?(\w+)")


def fields_shown(code):
    """(offset, class, field) but for a pointer to what the library defines for the class."""
    named_alone = set(re.findall(r"^(?:class|struct) (\w+);", code, re.M))
    for found in CLASS.finditer(code):
        private = set(named_alone)
        inside = list(declarations(code, found.end(), closing_brace(code, found.end() - 1)))
        for member in inside:
            named = re.match(r"(?:class|struct)\s+(\w+);", code[member.start : member.end])
            private |= {named[1]} if named else set()
        for member in inside:
            field = FIELD.match(code[member.start : member.end])
            pointer = field and POINTER.search(field[1])
            if field and not (pointer and pointer[1] in private):
                yield member.start, found[1], field[2]


def classes_show_no_fields(root):
    found = set()
    for path in public_headers(root):
        text = path.read_text(encoding="utf-8")
        for offset, name, field in fields_shown(DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))):
            found.add(name)
            if name not in VALUES | COMPOSED | NOT_YET:
                line = text.count("\n", 0, offset) + 1
                yield f"{path.relative_to(root)}:{line}: {name} shows {field}"
    for name in sorted(NOT_YET - found):
        yield f"{name} need not stand in NOT_YET any more"


def public_headers(root):
    """But for those of the coroutines, which are whole in their headers."""
    return [
        path
        for path in sorted((root / "include/uvspdy").rglob("*.h"))
        if path.name != "export.h" and "coroutine" not in path.parts
    ]


def check_marks(root, fix):
    headers = public_headers(root)
    exported = set()

    def look(path, find):
        text = path.read_text(encoding="utf-8")
        missing = list(find(text))
        if missing and fix:
            text = with_marks(text, missing)
            if path in headers and HEADER not in text:
                text = with_include(text)
            path.write_text(text, encoding="utf-8")
            missing = list(find(text))
        for offset, macro in missing:
            line = text.count("\n", 0, offset) + 1
            yield f"{path.relative_to(root)}:{line}: {macro} is missing"

    for path in headers:
        yield from look(path, missing_exports)
    exported = exported_classes(headers)
    for path in sorted((root / "lib").rglob("*")):
        if path.suffix in (".h", ".cpp"):
            yield from look(path, lambda text: missing_locals(text, exported))


def exported_names(library):
    """Of the project alone, and strong ones: which inline functions and templates are there beside
    them depends on the compiler."""
    lines = subprocess.run(
        ["nm", "--dynamic", "--defined-only", "--demangle", library],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    names = set()
    for line in lines:
        match = re.match(r"[0-9a-f]+ ([A-Z]) ((?:(?:typeinfo|vtable) for )?uvspdy::.*)", line)
        if match and match[1] not in "WVA":
            names.add(match[2])
    return sorted(names)


def check_names(root, library, write):
    name = pathlib.Path(library).name.split(".so")[0]
    path = root / "test/structure/exported" / f"{name}.txt"
    found = exported_names(library)
    if write:
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(line + "\n" for line in found), encoding="utf-8")
    known = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for line in sorted(set(known) - set(found)):
        yield f"{name} exports no more: {line}"
    for line in sorted(set(found) - set(known)):
        yield f"{name} exports besides: {line}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("libraries", nargs="*")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    checks = {"public headers mark what they export": check_marks(options.root, options.fix)}
    checks["members of structs have initialisers"] = structs_have_initialisers(options.root, options.fix)
    checks["classes show no fields"] = classes_show_no_fields(options.root)
    for library in options.libraries:
        name = pathlib.Path(library).name
        checks[f"{name} exports what its list says"] = check_names(options.root, library, options.write)
    failed = 0
    for name, problems in checks.items():
        problems = list(problems)
        failed += bool(problems)
        print(f"{name}: {'FAILED' if problems else 'ok'}")
        for problem in problems:
            print(f"  {problem}")
    if failed:
        print("A change that is meant: tools/dev docs --exports writes marks and lists anew.")
    print(f"{len(checks) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
