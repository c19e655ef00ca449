"""Static files of a production run: named by content, without comments, compressed, cached by browsers for good."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile, File
from servestatic.storage import CompressedManifestStaticFilesStorage

_COMMENTS = {
    ".js": re.compile(rb"^[ \t]*(//|/\*\*|\*/|\* |\*$).*\n", re.MULTILINE),
    ".css": re.compile(rb"^[ \t]*/\*[^*]*\*/[ \t]*\n|^[ \t]+", re.MULTILINE),
}
"""Whole lines alone, so that no string is touched (of style sheets the indentation too). Our modules have no template
text that looks like it; what others wrote is left as it is."""

_OURS = re.compile(r"(chowk|chat|payments|judge|notifications)/(?!.*vendor).*(\.js|\.css)$")


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites the imports between ES modules too, so that they name the hashed files."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, tuple[Any, str]], *args: Any, **kwargs: Any) -> Iterator[Any]:
        stripped = {name: (_Stripped(storage), path) for name, (storage, path) in paths.items()}
        yield from super().post_process(stripped, *args, **kwargs)


class _Stripped:
    """A storage whose modules are read without their comments."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def open(self, path: str) -> File:
        file: File = self._storage.open(path)
        ours = _OURS.match(path)
        if not ours:
            return file
        with file:
            return ContentFile(_COMMENTS[ours[2]].sub(b"", file.read()))
