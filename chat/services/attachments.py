"""Files that people attach: checked, stripped of what a camera wrote into them, given a thumbnail."""

import io
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from chat.errors import FileTooLarge, FileTypeRefused, TooFast
from chat.models import Attachment
from chat.names import clean_name
from chat.queries import Seat
from chat.roles import Action

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
"""Pillow's formats that are shown in the page; everything else, SVG too, is only offered for saving."""
OTHER_SUFFIXES = {
    ".c", ".cc", ".cpp", ".cs", ".css", ".csv", ".diff", ".go", ".gz", ".h", ".hpp", ".html", ".in", ".ini", ".ipynb",
    ".java", ".js", ".json", ".kt", ".log", ".md", ".out", ".patch", ".pdf", ".php", ".py", ".rb", ".rs", ".sh",
    ".sql", ".svg", ".tar", ".tex", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml", ".zip",
}  # fmt: skip
MAX_PIXELS = 40_000_000
"""A picture is refused above this before it is unpacked: a few KiB can claim gigabytes of pixels."""
THUMBNAIL_BOX = (480, 360)
MAX_UNSENT = 20
"""Files that one person may have uploaded to a room and not sent yet."""
UNSENT_FOR = timedelta(hours=24)
_FOLDER_EVERY = timedelta(minutes=5)
_THUMBNAIL = ".thumbnail.webp"


def upload_file(*, seat: Seat, file: UploadedFile) -> Attachment:
    """Take in a file for a message that is still to be sent.

    Raises:
        FileTooLarge, FileTypeRefused: by what the file is, whatever it is called.
        TooFast: too many were uploaded and not sent.
    """
    seat.require(Action.UPLOAD)
    size = file.size or 0
    if size > settings.CHAT_MAX_FILE_BYTES:
        mebibytes = settings.CHAT_MAX_FILE_BYTES // 1024**2
        raise FileTooLarge(f"A file has at most {mebibytes} MiB.", max_bytes=settings.CHAT_MAX_FILE_BYTES)
    if size == 0:
        raise FileTypeRefused("That file is empty.")
    if Attachment.objects.filter(room=seat.room, uploader=seat.user, message=None).count() >= MAX_UNSENT:
        raise TooFast("Send the files that you attached before you add more.", retry_after_seconds=60)
    name = _clean_name(file.name or "")
    attachment = Attachment(key=uuid4(), room=seat.room, uploader=seat.user, name=name)
    content = _picture(attachment, file) or _other(attachment, file, name)
    storages["attachments"].save(stored_name(attachment), content)
    attachment.save()
    return attachment


def remove_files(attachments: "QuerySet[Attachment]") -> int:
    """Delete attachments and, once that is committed, what is stored of them."""
    names = [name for file in attachments for name in (stored_name(file), thumbnail_name(file))]
    count, _ = attachments.delete()
    transaction.on_commit(lambda: _delete_stored(names))
    return count


def _delete_stored(names: list[str]) -> None:
    for name in names:
        storages["attachments"].delete(name)


def sweep_unsent() -> int:
    """Delete what was uploaded and never sent."""
    return remove_files(Attachment.objects.filter(message=None, created_at__lt=timezone.now() - UNSENT_FOR))


def sweep_stray(*, folder: str = "") -> int:
    """Delete stored files that no row knows, of an upload that broke off or a deleted room; answers how many.

    Looks through one of the storage's 256 folders, by default a new one every five minutes, so that each turn is quick
    and all have had theirs within a day.
    """
    storage = storages["attachments"]
    now = timezone.now()
    folder = folder or f"{int(now.timestamp() / _FOLDER_EVERY.total_seconds()) % 256:02x}"
    try:
        names = storage.listdir(folder)[1]
    except FileNotFoundError:
        return 0
    keys = {name: name.removesuffix(_THUMBNAIL) for name in names}
    rows = Attachment.objects.filter(key__in=filter(_is_key, keys.values()))
    known = {str(key) for key in rows.values_list("key", flat=True)}
    # A young file may be of an upload whose row is not committed yet.
    stray = [
        path
        for name, key in keys.items()
        if key not in known and storage.get_modified_time(path := f"{folder}/{name}") < now - UNSENT_FOR
    ]
    _delete_stored(stray)
    return len(stray)


def _is_key(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def stored_name(attachment: Attachment) -> str:
    """Where the storage has the file: by its random key alone, never by what someone called it."""
    return f"{attachment.key.hex[:2]}/{attachment.key}"


def thumbnail_name(attachment: Attachment) -> str:
    return f"{stored_name(attachment)}{_THUMBNAIL}"


def _picture(attachment: Attachment, file: UploadedFile) -> File | None:
    """The picture without EXIF, turned the way it was taken; None for what is none."""
    try:
        image = Image.open(file, formats=list(PICTURES))
        kind = image.format or ""
        if image.width * image.height > MAX_PIXELS:
            raise FileTypeRefused("That picture has too many pixels: at most 40 million.")
        animated = getattr(image, "n_frames", 1) > 1
        upright = ImageOps.exif_transpose(image)
        upright.info = {}
        thumbnail = upright.convert("RGBA" if "A" in upright.getbands() or kind in ("GIF", "PNG") else "RGB")
        thumbnail.thumbnail(THUMBNAIL_BOX)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    attachment.content_type = PICTURES[kind]
    attachment.width, attachment.height = upright.size
    small = io.BytesIO()
    thumbnail.save(small, "WEBP", quality=80)
    storages["attachments"].save(thumbnail_name(attachment), ContentFile(small.getvalue()))
    file.seek(0)
    if animated and kind == "GIF":  # a GIF has no EXIF, and saving it anew would lose its timing
        attachment.size_bytes = file.size or 0
        return file
    full = io.BytesIO()
    options = {"quality": 92} if kind in ("JPEG", "WEBP") else {}
    upright.save(full, kind, **options)
    attachment.size_bytes = full.tell()
    return ContentFile(full.getvalue())


def _other(attachment: Attachment, file: UploadedFile, name: str) -> File:
    if PurePosixPath(name).suffix.lower() not in OTHER_SUFFIXES:
        raise FileTypeRefused
    attachment.content_type = "application/octet-stream"
    attachment.size_bytes = file.size or 0
    file.seek(0)
    return file


def _clean_name(name: str) -> str:
    """The last part of the name without characters that are invisible or turn the direction of writing."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = clean_name(last).strip(". ") or "file"
    if len(visible) > 200:
        suffix = PurePosixPath(visible).suffix[:20]
        visible = visible[: 200 - len(suffix)] + suffix
    return visible
