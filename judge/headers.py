"""Precompiled C++ headers: a compile that begins with one of them takes a third of the time, or a tenth.

The compiler takes a precompiled header only for the first include of a program, and only when its own flags are those
that the header was compiled with, so what a program means does not change (GCC manual, "Using Precompiled Headers").
"""

import hashlib
import logging
import os
import tempfile
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from judge import languages
from judge.languages import OUT, Language
from judge.sandbox import BOX, MIB, Limits, Run, SandboxError, SealedFile, run
from judge.sandbox.building import shared_folder

logger = logging.getLogger("chowk.judge")

_LIMITS = Limits(
    cpu_ms=60_000,
    wall_ms=120_000,
    memory_bytes=2048 * MIB,
    file_bytes=512 * MIB,
    tmp_bytes=512 * MIB,
    output_bytes=1 * MIB,
    open_files=256,
    nice=10,
)


def headers_folder(code: str) -> str:
    """The folder with the language's precompiled headers; empty where it has none, or they are not made yet."""
    language = languages.BY_CODE[code]
    if not language.headers:
        return ""
    folder = _folder(code)
    return str(folder) if all((folder / f"{header}.gch").exists() for header in language.headers) else ""


@lru_cache(maxsize=1)
def prepare_in_background() -> None:
    """Make what is missing, once in this process, beside the work; until then programs compile without."""
    threading.Thread(target=prepare, name="headers", daemon=True).start()


def prepare() -> None:
    """Make the precompiled headers of all languages, in the sandbox like everything else."""
    for language in languages.offered():
        try:
            for header in language.headers:
                _make(language, header, _folder(language.code) / f"{header}.gch")
        except (OSError, SandboxError) as error:
            logger.warning("%s: no precompiled headers: %s", language.name, error)


@lru_cache(maxsize=8)
def _folder(code: str) -> Path:
    language = languages.BY_CODE[code]
    known = repr((languages.toolchain_version(code), language.compile, language.headers))
    return shared_folder() / f"headers-{code}-{hashlib.sha256(known.encode()).hexdigest()[:16]}"


def _make(language: Language, header: str, path: Path) -> None:
    if path.exists():
        return
    outcome = run(
        Run(
            argv=(
                *languages.fill(language.compile[:1], language.code),
                *(word for word in language.compile[1:] if word not in ("-o", OUT, f"{BOX}/{language.source_name}")),
                *("-x", "c++-header", "-o", OUT, f"{BOX}/header.h"),
            ),
            limits=_LIMITS,
            files={"header.h": SealedFile(f"#include <{header}>\n".encode(), "header")},
            collect=OUT,
            collect_bytes=256 * MIB,
        )
    )
    if not outcome.is_ok or "main" not in outcome.collected:
        raise SandboxError(f"{header} does not compile: {outcome.stderr.decode(errors='replace')[-200:]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent, path.parent.parent):
        with suppress(PermissionError):
            folder.chmod(0o755)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(outcome.collected["main"])
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
