"""The kubectls that are here."""

import os
import pathlib
import shutil


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
