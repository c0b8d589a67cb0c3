"""What the sources promise about themselves: check_floors.py ROOT.

Each floor includes only floors below it, tools and examples include public headers alone, and so on
(docs/architecture.md, "Floors"). Ends with "N passed, N failed, N skipped", counted in checks.
"""

import pathlib
import posixpath
import re
import sys

# Bottom up. A floor is a folder of that name under include/uvspdy and lib, but for the core, whose
# public headers are those of include/uvspdy itself.
FLOORS = ["core", "wire", "session", "net", "httpstream", "kube"]
# `session` does no I/O and `net` knows no streams: one is above the other by number alone.
STRANGERS = {("net", "session"), ("session", "net")}
LOWEST_WITH_LIBUV = "net"
CASTS = "include/uvspdy/bytes.h"

# The rooms of floor 5, and which others each may use. `process` knows none of them; client and
# server do not know each other; server and local meet in the interfaces of `protocol` alone.
ROOMS = {
    "protocol": set(),
    "process": set(),
    "config": {"protocol", "process"},
    "credentials": {"protocol", "process", "config"},
    "client": {"protocol", "config", "credentials"},
    "server": {"protocol", "config"},
    "local": {"protocol", "process"},
}

# One program, whose parts may use each other.
COMMAND = "tools/uvspdy/"

SOURCE_SUFFIXES = {".h", ".cpp", ".in"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.M)
# Comments, string and character literals: what the compiler does not read as code. An apostrophe
# behind a digit separates digits.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\ \n]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.S,
)


def blank(match):
    """Spaces, with the line ends kept, so that line numbers stay right."""
    return re.sub(r"[^\n]", " ", match.group())


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.code = NOT_CODE.sub(blank, self.text)

    def line_of(self, offset):
        return f"{self.path}:{self.text.count(chr(10), 0, offset) + 1}"

    def includes(self):
        """(where, name, quoted) for each #include that is not inside a comment."""
        for match in INCLUDE.finditer(self.text):
            if self.code[match.start() : match.end()].lstrip().startswith("#"):
                yield self.line_of(match.start()), match[1] or match[2], match[1] is not None

    def find(self, pattern):
        for match in re.finditer(pattern, self.code):
            yield self.line_of(match.start(match.lastindex or 0)), match


class Tree:
    def __init__(self, root):
        self.root = root
        self.library = self.read(root, "include/uvspdy") + self.read(root, "lib")
        self.users = self.read(root, "tools/uvspdy") + self.read(root, "docs/examples")
        self.by_path = {source.path: source for source in self.library + self.users}
        if not self.library or not self.users:
            sys.exit(f"{root} is not the project's root: there are no sources")

    @staticmethod
    def read(root, folder):
        return [
            Source(root, path)
            for path in sorted((root / folder).rglob("*"))
            if path.is_file() and path.suffix in SOURCE_SUFFIXES
            # Of what is generated only headers count: version.h.in.
            and (path.suffix != ".in" or path.name.endswith(".h.in"))
        ]

    def resolve(self, includer, name, quoted):
        """The path of the project's file that an #include names, or None if it is none of ours."""
        folders = ["include", "lib"]
        if includer.startswith(COMMAND):
            folders.insert(0, COMMAND)
        if quoted:
            folders.insert(0, posixpath.dirname(includer))
        for folder in folders:
            path = posixpath.normpath(posixpath.join(folder, name))
            for there in path, path + ".in":
                if there in self.by_path:
                    return there
        return None

    def includes(self, source):
        """(where, name, quoted, target) for each #include; target is None outside the project."""
        for where, name, quoted in source.includes():
            yield where, name, quoted, self.resolve(source.path, name, quoted)


def floor_of(path):
    """The floor of a library file; a header such as uvspdy/kube.h stands for the floor it names."""
    parts = path.split("/")
    if parts[0] == "include":
        name = parts[2] if len(parts) > 3 else parts[2].split(".")[0]
        if len(parts) == 3 and name not in FLOORS:
            name = "core"
    else:
        name = parts[1]
    return name if name in FLOORS else None


# ---- the checks: each yields a line for what it finds wrong


def floors_include_only_floors_below(tree):
    for source in tree.library:
        floor = floor_of(source.path)
        if floor is None:
            yield f"{source.path}: stands on no floor; they are {', '.join(FLOORS)}"
            continue
        for where, name, _, target in tree.includes(source):
            other = floor_of(target) if target else None
            if other is None:
                continue
            if FLOORS.index(other) > FLOORS.index(floor):
                yield f"{where}: {floor} includes {name}, which is of {other}, a floor above"
            elif (floor, other) in STRANGERS:
                yield f"{where}: {floor} includes {name}, but does not know {other}"


def room_of(path):
    """The room of a file of floor 5; None for one of another floor, and for uvspdy/kube.h."""
    match = re.match(r"(?:include/uvspdy|lib)/kube/(.+)", path)
    return match[1].split("/")[0] if match else None


def rooms_know_only_their_neighbours(tree):
    for source in tree.library:
        room = room_of(source.path)
        if room is None:
            continue
        if room not in ROOMS:
            yield f"{source.path}: stands in no room; they are {', '.join(ROOMS)}"
            continue
        for where, name, _, target in tree.includes(source):
            other = room_of(target) if target else None
            if other is not None and other != room and other not in ROOMS[room]:
                yield f"{where}: {room} includes {name}, but does not know {other}"


def lower_floors_know_no_libuv(tree):
    for source in tree.library:
        floor = floor_of(source.path)
        if floor is None or FLOORS.index(floor) >= FLOORS.index(LOWEST_WITH_LIBUV):
            continue
        for where, name, _ in source.includes():
            if name == "uv.h" or name.startswith("uv/"):
                yield f"{where}: {floor} includes {name}; libuv begins with {LOWEST_WITH_LIBUV}"


def public_headers_include_public_headers_alone(tree):
    for source in tree.library:
        if not source.path.startswith("include/"):
            continue
        for where, name, quoted, target in tree.includes(source):
            if quoted and not (target or "").startswith("include/"):
                yield f"{where}: includes {name}, which is not installed with it"


def tools_and_examples_use_public_headers_alone(tree):
    for source in tree.users:
        own = COMMAND if source.path.startswith(COMMAND) else posixpath.dirname(source.path) + "/"
        for where, name, quoted, target in tree.includes(source):
            if target is None and not quoted and not name.startswith("uvspdy/"):
                continue  # a library's
            if target is None:
                yield f"{where}: includes {name}, which is no public header"
            elif not target.startswith(("include/", own)):
                yield f"{where}: includes {name}, which is private: {target}"


def casts_between_byte_types_stand_in_one_file(tree):
    for source in tree.library + tree.users:
        if source.path == CASTS:
            continue
        for where, _ in source.find(r"\breinterpret_cast\b"):
            yield f"{where}: reinterpret_cast outside {CASTS}"


def memory_has_owners(tree):
    for source in tree.library:
        for where, _ in source.find(r"(?<!<)\bnew\b"):
            yield f"{where}: a raw new"
        # Not "= delete", which is no expression.
        for where, _ in source.find(r"(?<![=\s])\s*\b(delete)\b"):
            yield f"{where}: a raw delete"
        for where, match in source.find(r"\b(?:malloc|calloc|realloc|free)\s*\("):
            yield f"{where}: {match.group().rstrip('( ')} in place of an owner"


def includes_are_not_circular(tree):
    graph = {
        source.path: [target for *_, target in tree.includes(source) if target]
        for source in tree.library + tree.users
    }
    done = set()

    def visit(path, way):
        if path in way:
            yield " -> ".join(way[way.index(path) :] + [path])
        elif path not in done:
            for target in graph[path]:
                yield from visit(target, way + [path])
            done.add(path)

    for path in graph:
        yield from visit(path, [])


SCOPE = re.compile(
    r"\bnamespace\s*(?P<namespace>[\w:]*)\s*\{|[{}]"
    r"|\b(?:struct|class|union|enum(?:\s+class)?)\s+(?:UVSPDY_\w+\s+)?(?P<type>[\w:]+)(?:\s+final)?(?:\s+:[^;{}]*)?\s*\{"
)


def types_of_namespaces(source):
    """(where, qualified name) for each type that other files could name."""
    scopes = []  # of namespaces their names, else None
    for match in SCOPE.finditer(source.code):
        if match.group() == "}":
            del scopes[-1:]
        elif match["namespace"] is not None:
            scopes.append(match["namespace"] or None)
        else:
            if match["type"] and None not in scopes:
                yield source.line_of(match.start()), "::".join([*scopes, match["type"]])
            scopes.append(None)


def a_type_is_defined_once(tree):
    """Two of one name are one to the linker, which keeps the functions of either."""
    found = {}
    for source in tree.library:
        for where, name in types_of_namespaces(source):
            if name in found:
                yield f"{where}: {name} is also defined in {found[name]}"
            found[name] = where


def run_checks(checks):
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT")
    tree = Tree(pathlib.Path(sys.argv[1]))
    failed = 0
    for check in checks:
        problems = list(check(tree))
        failed += bool(problems)
        print(f"{check.__name__.replace('_', ' ')}: {'FAILED' if problems else 'ok'}")
        for problem in problems:
            print(f"  {problem}")
    print(f"{len(checks) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    run_checks(
        [
            floors_include_only_floors_below,
            rooms_know_only_their_neighbours,
            lower_floors_know_no_libuv,
            public_headers_include_public_headers_alone,
            tools_and_examples_use_public_headers_alone,
            casts_between_byte_types_stand_in_one_file,
            memory_has_owners,
            includes_are_not_circular,
            a_type_is_defined_once,
        ]
    )
