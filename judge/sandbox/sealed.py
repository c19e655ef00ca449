"""Files that no program can change: memory, sealed once it is written, that ends with the process that holds it."""

import fcntl
import os

_ADD_SEALS = 1033
_SEALS = 0x0001 | 0x0002 | 0x0004 | 0x0008  # seal, shrink, grow, write


class SealedFile:
    """Bytes that a sandbox may read, and may not write even where it runs as our own user."""

    def __init__(self, data: bytes, name: str = "file") -> None:
        self.size = len(data)
        self._fd = -1
        self._fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        fcntl.fcntl(self._fd, _ADD_SEALS, _SEALS)

    def open(self) -> int:
        """A new read-only descriptor with a position of its own; the caller closes it."""
        return os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY | os.O_CLOEXEC)

    def open_copy(self) -> int:
        """As `open`, of a copy: its mode and its times are the run's own, and no other run's to see."""
        copy = os.memfd_create("copy", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            done = 0
            while done < self.size:
                done += os.sendfile(copy, self._fd, done, self.size - done)
            fcntl.fcntl(copy, _ADD_SEALS, _SEALS)
            return os.open(f"/proc/self/fd/{copy}", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.close(copy)

    def read(self) -> bytes:
        return os.pread(self._fd, self.size, 0)

    def close(self) -> None:
        """Give the memory back once the last run that reads it ends."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()
