"""The kubectls that are here."""

import os
import pathlib
import shutil


def find_kubectls():
    """`kubectl` on the PATH, and the versions that stand beside it or beside what it links to."""
    found = shutil.which("kubectl")
    if not found:
        return []
    first = pathlib.Path(found)
    versions = {
        path.resolve(): path
        for folder in (first.parent, first.resolve().parent)
        for path in sorted(folder.glob("kubectl.1.*"))
        if os.access(path, os.X_OK)
    }
    return [first, *versions.values()]


KUBECTLS = find_kubectls()
