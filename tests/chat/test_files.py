"""Attachments: what is taken in, what is stored of it, and who gets it back in which way."""

import io
import os
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from chat import errors, services
from chat.models import Attachment, Membership, Room
from chat.services.attachments import stored_name, sweep_stray, sweep_unsent, thumbnail_name
from tests.chat.factories import make_room, make_user, post, seat, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(asha):
    return make_room(asha, kind=Room.Kind.PRIVATE)


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "orange").save(buffer, kind, **options)
    return buffer.getvalue()


def upload(user, room, content: bytes, name: str) -> Attachment:
    return services.upload_file(seat=seat(user, room), file=SimpleUploadedFile(name, content))


def stored(attachment: Attachment) -> bytes:
    with storages["attachments"].open(stored_name(attachment)) as file:
        return file.read()


def test_a_picture_is_stored_without_exif_turned_upright_and_with_a_thumbnail(asha, room) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Spy camera"
    attachment = upload(asha, room, picture(exif=exif), "IMG_1.jpg")
    assert (attachment.content_type, attachment.width, attachment.height) == ("image/jpeg", 600, 900)
    assert b"Spy camera" not in stored(attachment)
    with storages["attachments"].open(thumbnail_name(attachment)) as file, Image.open(file) as thumbnail:
        assert thumbnail.format == "WEBP"
        assert thumbnail.width <= 480
        assert thumbnail.height <= 360
        assert not thumbnail.getexif()


def test_what_a_file_is_decides_and_not_its_name(asha, room) -> None:
    assert upload(asha, room, picture("PNG"), "notes.txt").content_type == "image/png"
    attachment = upload(asha, room, b"<script>alert(1)</script>", "photo.html")
    assert (attachment.content_type, attachment.width) == ("application/octet-stream", None)
    with pytest.raises(errors.FileTypeRefused):
        upload(asha, room, b"<script>alert(1)</script>", "photo.jpg")


@pytest.mark.parametrize("name", ["virus.exe", "noextension", ".jpg", "a.dll", "page.xhtml"])
def test_other_types_are_refused(asha, room, name) -> None:
    with pytest.raises(errors.FileTypeRefused):
        upload(asha, room, b"MZ", name)


def test_too_large_empty_and_exploding_files_are_refused(asha, room, settings) -> None:
    with pytest.raises(errors.FileTypeRefused):
        upload(asha, room, b"", "a.txt")
    with pytest.raises(errors.FileTypeRefused, match="40 million"):
        upload(asha, room, picture("PNG", (8000, 6000)), "bomb.png")
    settings.CHAT_MAX_FILE_BYTES = 1024**2
    with pytest.raises(errors.FileTooLarge) as refused:
        upload(asha, room, b"a" * (1024**2 + 1), "a.txt")
    assert refused.value.details == {"max_bytes": 1024**2}
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("evil\u202etxt.py", "eviltxt.py"),
        ("a\nb.txt", "a b.txt"),
        ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
    ],
)
def test_names_are_cleaned_of_paths_and_tricks(asha, room, name, clean) -> None:
    file = SimpleUploadedFile("x.txt", b"text")
    file._name = name  # past Django's own cleaning
    assert services.upload_file(seat=seat(asha, room), file=file).name == clean


def test_a_message_carries_its_files_once(asha, room) -> None:
    attachment = upload(asha, room, picture(), "tea.jpg")
    post(room, asha, "", files=[attachment.key])
    [(_, data)] = told(room)
    assert data["files"][0] | {"bytes": 0} == {
        "key": str(attachment.key),
        "name": "tea.jpg",
        "type": "image/jpeg",
        "bytes": 0,
        "url": f"/rooms/files/{attachment.key}/",
        "width": 900,
        "height": 600,
        "thumbnail": f"/rooms/files/{attachment.key}/thumbnail/",
    }
    with pytest.raises(errors.FileNotFound):
        post(room, asha, "again", files=[attachment.key])


def test_no_one_sends_the_file_of_another_or_of_another_room(asha, room) -> None:
    ravi = make_user()
    both = make_room(asha, ravi)
    with pytest.raises(errors.FileNotFound):
        post(both, ravi, "mine", files=[upload(asha, both, b"text", "a.txt").key])
    with pytest.raises(errors.FileNotFound):
        post(both, asha, "here", files=[upload(asha, room, b"text", "a.txt").key])


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"<svg onload='alert(1)'/>"])
@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.js"])
def test_a_file_that_is_no_picture_is_only_for_saving(client, asha, room, name, content) -> None:
    answer = client.get(upload(asha, room, content, name).get_absolute_url())
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer.getvalue() == content


def test_a_picture_is_shown_in_the_page_and_has_its_thumbnail(client, asha, room) -> None:
    attachment = upload(asha, room, picture(), "tea.jpg")
    full, small = client.get(attachment.get_absolute_url()), client.get(attachment.thumbnail_url)
    assert (full["Content-Type"], small["Content-Type"]) == ("image/jpeg", "image/webp")
    assert full["Content-Disposition"].startswith("inline")
    assert "private" in full["Cache-Control"]


def test_files_are_for_those_who_may_read_the_room_and_unsent_ones_for_their_owner(client, asha, room) -> None:
    stranger, member = make_user(), make_user()
    Membership.objects.create(room=room, user=member)
    attachment = upload(asha, room, picture(), "tea.jpg")
    status = lambda user: (client.force_login(user), client.get(attachment.get_absolute_url()).status_code)[1]  # noqa: E731
    assert [status(user) for user in (stranger, member, asha)] == [404, 404, 200]
    post(room, asha, "tea", files=[attachment.key])
    assert [status(user) for user in (stranger, member, asha)] == [404, 200, 200]
    Membership.objects.filter(user=member).update(role=Membership.Role.BANNED)
    assert status(member) == 404


def test_deleting_the_message_deletes_the_file(client, asha, room, django_capture_on_commit_callbacks) -> None:
    attachment = upload(asha, room, picture(), "tea.jpg")
    message = post(room, asha, "tea", files=[attachment.key])
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_message(seat=seat(asha, room), message=message)
    assert not storages["attachments"].exists(stored_name(attachment))
    assert not storages["attachments"].exists(thumbnail_name(attachment))
    assert client.get(attachment.get_absolute_url()).status_code == 404


def test_what_was_never_sent_is_swept_away(asha, room) -> None:
    old, new = upload(asha, room, b"a", "a.txt"), upload(asha, room, b"b", "b.txt")
    Attachment.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert sweep_unsent() == 1
    assert list(Attachment.objects.all()) == [new]


def test_the_upload_answers_what_send_wants_and_refuses_in_words(client, asha, room) -> None:
    url = f"/rooms/{room.slug}/files/"
    answer = client.post(url, {"file": SimpleUploadedFile("a.txt", b"text")})
    assert answer.status_code == 201
    assert answer.json()["key"] == str(Attachment.objects.get().key)
    refused = client.post(url, {"file": SimpleUploadedFile("a.exe", b"MZ")})
    assert (refused.status_code, refused.json()["code"]) == (415, "file_type_refused")
    assert client.post(url).status_code == 422
    assert client.get(url).status_code == 405
    client.force_login(make_user())
    assert client.post(url, {"file": SimpleUploadedFile("a.txt", b"text")}).status_code == 404


def test_stored_files_that_no_row_knows_are_swept_away(asha, room) -> None:
    """As a worker that was killed between storing and committing leaves them, and a room deleted in the admin."""
    storage = storages["attachments"]
    kept, lost, young = (upload(asha, room, picture(), f"{n}.jpg") for n in range(3))
    Attachment.objects.filter(pk__in=[lost.pk, young.pk])._raw_delete("default")
    for file in (kept, lost):
        for name in (stored_name(file), thumbnail_name(file)):
            os.utime(storage.path(name), (0, 0))
    stray = f"{lost.key.hex[:2]}/half-written"
    storage.save(stray, ContentFile(b"x"))
    os.utime(storage.path(stray), (0, 0))
    swept = sum(sweep_stray(folder=folder) for folder in {file.key.hex[:2] for file in (kept, lost, young)})
    assert swept == 3
    left = [file for file in (kept, lost, young) if storage.exists(stored_name(file))]
    assert left == [file for file in (kept, lost, young) if storage.exists(thumbnail_name(file))] == [kept, young]
    assert sweep_stray(folder="zz") == 0
