"""Tar archives that are written entry by entry, whatever they say."""

import io
import tarfile

import trees

RECORD = 10_240


class Archive:
    def __init__(self, form=tarfile.GNU_FORMAT):
        self._bytes = io.BytesIO()
        self._form = form

    def add(self, name, kind=tarfile.REGTYPE, data=b"", **fields):
        info = tarfile.TarInfo(name)
        info.type, info.size, info.mode, info.mtime = kind, len(data), 0o644, trees.MTIME
        for field, value in fields.items():
            setattr(info, field, value)
        self._bytes.write(info.tobuf(self._form, "utf-8", "surrogateescape"))
        self._bytes.write(data + bytes(-len(data) % 512))
        return self

    def folder(self, name, **fields):
        return self.add(name, tarfile.DIRTYPE, **{"mode": 0o755, **fields})

    def symlink(self, name, target):
        return self.add(name, tarfile.SYMTYPE, linkname=str(target))

    def hardlink(self, name, target, data=b"", **fields):
        return self.add(name, tarfile.LNKTYPE, data, linkname=str(target), **fields)

    def unfinished(self):
        return self._bytes.getvalue()

    def finished(self):
        data = self.unfinished() + bytes(1024)
        return data + bytes(-len(data) % RECORD)
