"""The kubectls that are here."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess


# Where `tools/dev test` unpacks Debian's, which is older than those of Google's packages.
DEBIAN = pathlib.Path(os.environ["UVSPDY_INTEROP_BUILD"], "kubernetes-client/usr/bin/kubectl")


def find_kubectls():
    """`kubectl` on the PATH, the versions that stand beside it or beside what it links to, and
    Debian's."""
    debian = [DEBIAN] if os.access(DEBIAN, os.X_OK) else []
    found = shutil.which("kubectl")
    if not found:
        return debian
    first = pathlib.Path(found)
    versions = {
        path.resolve(): path
        for folder in (first.parent, first.resolve().parent)
        for path in sorted(folder.glob("kubectl.1.*"))
        if os.access(path, os.X_OK)
    }
    return [first, *versions.values(), *debian]


def case_suffix(path):
    """For the name of a test case: "" for kubectl, "_1_27" for kubectl.1.27, "_debian"."""
    if path == DEBIAN:
        return "_debian"
    return path.name.removeprefix("kubectl").replace(".", "_")


KUBECTLS = find_kubectls()


def version(path):
    """Of a kubectl, as numbers: (1, 33, 1)."""
    command = [str(path), "version", "--client", "-o", "json"]
    printed = subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    text = json.loads(printed.stdout)["clientVersion"]["gitVersion"]
    return tuple(int(number) for number in re.match(r"v(\d+)\.(\d+)\.(\d+)", text).groups())


@functools.lru_cache(maxsize=None)
def newest_kubectl():
    """The one of the highest version; none if there is no kubectl."""
    return max(KUBECTLS, key=version, default=None)
