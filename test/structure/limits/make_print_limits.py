"""Writes a program that prints the default of each limit in the public headers.

make_print_limits.py INCLUDE OUTPUT DEPENDENCIES: INCLUDE is the folder of the headers, and
DEPENDENCIES becomes a file in make's form that names what OUTPUT was made of: the headers, and their
folders, for new ones. The program has each struct whose name ends with Options or Limits, with all
of its fields, the default size of each ...Budget, and each constant kMax... or kLongest...;
print_limits.h decides by the type whether a field is a limit.
"""

import pathlib
import re
import sys

NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
STRUCT = re.compile(r"^struct (\w*(?:Options|Limits)) \{(.*?)^\};", re.M | re.S)
# A type, a name, and perhaps a value: `std::chrono::seconds{30}` is no field, since it has no name.
FIELD = re.compile(r"^[\w:<>,()*&\s]*[\w>&*]\s+(\w+)\s*(?:=.*|\{.*\})?$", re.S)
CONSTANT = re.compile(r"^inline constexpr [\w:]+ (k(?:Max|Longest)\w+) ", re.M)
BUDGET = re.compile(r"^class (\w+Budget) \{.*?^  static constexpr [\w:]+ (kDefaultSize) ", re.M | re.S)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)


class Unreadable(Exception):
    pass


def declarations(body):
    """What the semicolons outside of braces end."""
    depth, start = 0, 0
    for at, character in enumerate(body):
        depth += (character == "{") - (character == "}")
        if character == ";" and depth == 0:
            yield body[start:at].strip()
            start = at + 1


def fields(struct, body):
    for declaration in declarations(body):
        match = FIELD.match(declaration)
        if not match:
            raise Unreadable(f"{struct}: no field can be read in: {declaration}")
        yield match[1]


def show_fields(struct, names):
    """The definition of show_fields for a struct."""
    lines = (
        f'  show(name + "{field}", value.{field}, usual ? &usual->{field} : nullptr);'
        for field in names
    )
    return "\n".join([f"{signature(struct)} {{", *lines, "}"])


def signature(struct):
    parameters = f"const std::string& name, const {struct}& value, const {struct}* usual"
    return f"void show_fields({parameters})"


def program(headers):
    """The program's text, of {the header's name: its text}."""
    includes, structs, constants = [], {}, []
    for name, text in headers.items():
        code = NOT_CODE.sub("", text)
        namespace = NAMESPACE.search(code)
        found = {
            f"{namespace[1]}::{struct}": list(fields(struct, body))
            for struct, body in STRUCT.findall(code)
        }
        named = [f"{namespace[1]}::{constant}" for constant in CONSTANT.findall(code)]
        named += [f"{namespace[1]}::{'::'.join(budget)}" for budget in BUDGET.findall(code)]
        if found or named:
            includes.append(f"#include <{name}>")
        structs |= found
        constants += named
    short = {name: name.removeprefix("uvspdy::") for name in [*structs, *constants]}
    return "\n".join(
        [
            *includes,
            "#include <string>",
            *(f"{signature(struct)};" for struct in structs),
            '#include "print_limits.h"',
            *(show_fields(struct, names) for struct, names in structs.items()),
            "int main() {",
            *(f'  show_fields("{short[name]}::", {name}(), nullptr);' for name in structs),
            *(f'  show<decltype({name})>("{short[name]}", {name}, nullptr);' for name in constants),
            "}",
            "",
        ]
    )


def main():
    include, output, dependencies = map(pathlib.Path, sys.argv[1:])
    paths = sorted(include.rglob("*.h"))
    headers = {
        path.relative_to(include).as_posix(): path.read_text(encoding="utf-8") for path in paths
    }
    output.write_text(program(headers), encoding="utf-8")
    sources = [*paths, *sorted({path.parent for path in paths})]
    dependencies.write_text(f"{output}: {' '.join(map(str, sources))}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
