from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import storages
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from chat import events, queries, services
from chat.errors import ChatError, FileNotFound, InvalidMessage
from chat.models import Attachment
from chat.services.attachments import stored_name, thumbnail_name
from chat.views.answers import answering, refused, seat_for, user_of


@login_required
@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Take in one `file` for a message to come; answers what `chat.send` wants in `files`."""
    try:
        seat = seat_for(request, slug)
        file = request.FILES.get("file")
        if file is None:
            raise InvalidMessage("Choose a file.")
        return JsonResponse(events.file_data(services.upload_file(seat=seat, file=file)), status=201)
    except ChatError as error:
        return refused(error)


@login_required
@require_safe
@answering
def file(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The file itself: a picture in the page, everything else for saving."""
    found = _load(request, key)
    return _serve(stored_name(found), found.content_type, found.name, inline=found.is_picture)


@login_required
@require_safe
@answering
def thumbnail(request: HttpRequest, key: UUID) -> HttpResponseBase:
    found = _load(request, key)
    if not found.is_picture:
        raise FileNotFound
    return _serve(thumbnail_name(found), "image/webp", f"{found.name}.webp", inline=True)


def _load(request: HttpRequest, key: UUID) -> Attachment:
    """A file that the person may read: of a message in a room of theirs, or their own before it is sent."""
    found = Attachment.objects.filter(key=key).first()
    if found is None:
        raise FileNotFound
    seat = queries.room_by_id(user_of(request), found.room_id, missing=FileNotFound)
    if found.message_id is None and found.uploader_id != seat.user.pk:
        raise FileNotFound
    return found


def _serve(name: str, content_type: str, shown_name: str, *, inline: bool) -> HttpResponseBase:
    try:
        content = storages["attachments"].open(name)
    except FileNotFoundError as error:
        raise FileNotFound from error
    response = FileResponse(content, content_type=content_type, as_attachment=not inline, filename=shown_name)
    # Whatever the bytes are, a browser that is led to them runs nothing: no sniffing, no scripts, no frames.
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "private, max-age=3600"
    return response
