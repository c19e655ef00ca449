"""The files of a package, from a folder or a zip, in memory: a hostile zip writes nothing to disk."""

import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from judge.errors import PackageError
from judge.sandbox import MIB

ZIP_BYTES = 64 * MIB
"""Of an upload at most."""

UNPACKED_BYTES = 256 * MIB
FILES = 5000
FILE_BYTES = 64 * MIB
NAME_CHARS = 200

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What all tools write; others let a zip ask for gigabytes of memory."""

Files = dict[str, bytes]
"""Path inside the package, with slashes, → content."""


def read_folder(folder: Path) -> Files:
    """The files under a folder of our own. Raises PackageError where there is none."""
    if not folder.is_dir():
        raise PackageError(f"There is no folder {folder.name}.")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def read_zip(data: bytes) -> Files:
    """The files of a zip, however hostile.

    Raises:
        PackageError: it is too large, packed or unpacked, has too many files, leads out of its folder, holds links,
            devices or encrypted files, or is damaged.
    """
    if len(data) > ZIP_BYTES:
        raise PackageError(f"The zip has more than {ZIP_BYTES // MIB} MiB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _without_top_folder(_read_members(archive))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise PackageError(f"The zip is damaged: {error}") from error
    except RuntimeError as error:
        raise PackageError(f"The zip cannot be read: {error}") from error


def _read_members(archive: zipfile.ZipFile) -> Files:
    members = archive.infolist()
    if len(members) > FILES:
        raise PackageError(f"The zip has {len(members)} files; at most {FILES} are taken.")
    if sum(member.file_size for member in members) > UNPACKED_BYTES:
        raise PackageError(f"Unpacked the zip has more than {UNPACKED_BYTES // MIB} MiB.")
    files: Files = {}
    total = 0
    for member in members:
        name = _safe_name(member)
        if member.is_dir():
            continue
        if member.flag_bits & 1:
            raise PackageError(f"{name} is encrypted.")
        if member.compress_type not in PACKINGS:
            raise PackageError(f"{name} is packed otherwise than by deflate.")
        if member.file_size > FILE_BYTES:
            raise PackageError(f"{name} has more than {FILE_BYTES // MIB} MiB.")
        if name in files:
            raise PackageError(f"{name} is in the zip twice.")
        with archive.open(member) as stream:
            # What the directory says of a size is only a claim: never read more than is allowed.
            content = stream.read(min(FILE_BYTES, UNPACKED_BYTES - total) + 1)
        total += len(content)
        if len(content) > FILE_BYTES or total > UNPACKED_BYTES:
            raise PackageError(f"Unpacked the zip has more than {UNPACKED_BYTES // MIB} MiB.")
        files[name] = content
    return files


def _safe_name(member: zipfile.ZipInfo) -> str:
    name = member.filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise PackageError(f"{_shown(name)} is a symbolic link.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PackageError(f"{_shown(name)} is neither a file nor a folder.")
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if outside or not path.parts or len(name) > NAME_CHARS or any(ord(char) < 32 for char in name):
        raise PackageError(f"{_shown(name)} is not a path inside the package.")
    return path.as_posix()


def _shown(name: str) -> str:
    return ascii(name[:60])[1:-1]


def _without_top_folder(files: Files) -> Files:
    """Most zips hold one folder with the package in it."""
    if "problem.yaml" in files:
        return files
    tops = {name.split("/", 1)[0] for name in files}
    if len(tops) == 1 and f"{next(iter(tops))}/problem.yaml" in files:
        return {name.split("/", 1)[1]: content for name, content in files.items()}
    return files
