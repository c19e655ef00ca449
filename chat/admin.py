from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from chat import queries, services
from chat.models import (
    Attachment,
    AuditEntry,
    Invitation,
    Membership,
    Mention,
    Message,
    MessageVersion,
    Reaction,
    Report,
    Room,
    Webhook,
)
from chat.views.answers import user_of
from notifications.errors import AppError


class ReadOnlyAdmin(admin.ModelAdmin):
    """To find and to read: what it shows changes through the rooms, where the change is told to everyone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def each(
    request: HttpRequest, found: Iterable[tuple[Room, dict[str, Any]]], deed: Callable[..., object], done: str
) -> None:
    """Do something in rooms, as staff and by the services, so that it is told, written down and ends open sockets.

    `found` has each room with what the service must know besides the seat.
    """
    count = 0
    for room, what in found:
        try:
            deed(seat=queries.seat_of_staff(room, user_of(request)), **what)
            count += 1
        except AppError as error:
            messages.error(request, f"{room}: {error}")
    if count:
        messages.success(request, f"{done}: {count}")


class KeepingAdmin(ReadOnlyAdmin):
    """Its actions are those of a room's keepers, also in private rooms; they need the right to change the model."""

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"chat.change_{self.opts.model_name}")


@admin.register(Room)
class RoomAdmin(KeepingAdmin):
    list_display = ["name", "slug", "kind", "last_number", "last_message_at", "archived_at"]
    list_filter = ["kind", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "slug", "key"]
    actions = ["archive", "open_again"]

    @admin.action(description="Archive", permissions=["keep"])
    def archive(self, request: HttpRequest, rooms: "QuerySet[Room]") -> None:
        each(request, ((room, {}) for room in rooms), services.archive_room, "Archived")

    @admin.action(description="Open again", permissions=["keep"])
    def open_again(self, request: HttpRequest, rooms: "QuerySet[Room]") -> None:
        each(request, ((room, {"on": False}) for room in rooms), services.archive_room, "Open again")


@admin.register(Membership)
class MembershipAdmin(KeepingAdmin):
    list_display = ["user", "room", "role", "muted_until", "read_number", "joined_at"]
    list_filter = ["role", "alert"]
    list_select_related = ["user", "room"]
    search_fields = ["user__username", "room__name", "room__slug"]
    actions = ["mute_for_a_day", "end_mute", "ban", "lift_ban", "make_owner", "make_moderator", "make_member"]

    @admin.action(description="Mute for a day", permissions=["keep"])
    def mute_for_a_day(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), partial(services.mute, minutes=1440), "Muted")

    @admin.action(description="End the mute", permissions=["keep"])
    def end_mute(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), partial(services.mute, minutes=0), "No longer muted")

    @admin.action(description="Ban", permissions=["keep"])
    def ban(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), services.ban, "Banned")

    @admin.action(description="Lift the ban", permissions=["keep"])
    def lift_ban(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), services.lift_ban, "No longer banned")

    @admin.action(description="Make an owner", permissions=["keep"])
    def make_owner(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), partial(services.set_role, role=Membership.Role.OWNER), "Owners now")

    @admin.action(description="Make a moderator", permissions=["keep"])
    def make_moderator(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), partial(services.set_role, role=Membership.Role.MODERATOR), "Moderators now")

    @admin.action(description="Make a member", permissions=["keep"])
    def make_member(self, request: HttpRequest, rows: "QuerySet[Membership]") -> None:
        each(request, _whom(rows), partial(services.set_role, role=Membership.Role.MEMBER), "Members now")


def _whom(memberships: "QuerySet[Membership]") -> list[tuple[Room, dict[str, Any]]]:
    return [(row.room, {"username": row.user.get_username()}) for row in memberships.select_related("room", "user")]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "room", "author", "body", "created_at", "deleted_at"]
    list_filter = ["created_at", ("deleted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["room", "author"]
    search_fields = ["body", "author__username"]


@admin.register(MessageVersion)
class MessageVersionAdmin(ReadOnlyAdmin):
    list_display = ["message", "body", "replaced_by", "replaced_at"]
    list_select_related = ["message", "replaced_by"]
    search_fields = ["body"]


@admin.register(Reaction)
class ReactionAdmin(ReadOnlyAdmin):
    list_display = ["message", "user", "emoji", "created_at"]
    list_select_related = ["message", "user"]
    search_fields = ["user__username"]


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    list_display = ["message", "user", "created_at", "notified_at", "digested_at"]
    list_select_related = ["message", "user"]
    search_fields = ["user__username"]


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ["name", "room", "uploader", "content_type", "size_bytes", "created_at"]
    list_filter = ["content_type"]
    list_select_related = ["room", "uploader"]
    search_fields = ["name", "uploader__username"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["room", "invitee", "created_by", "expires_at", "uses", "revoked_at"]
    list_select_related = ["room", "invitee", "created_by"]
    search_fields = ["room__name", "invitee__username"]
    exclude = ["token"]


@admin.register(Report)
class ReportAdmin(KeepingAdmin):
    list_display = ["message", "body", "reporter", "reason", "created_at", "handled_by"]
    actions = ["handle"]
    list_filter = [("handled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["message", "reporter", "handled_by"]
    search_fields = ["reason", "body", "reporter__username"]

    @admin.action(description="Mark as dealt with", permissions=["keep"])
    def handle(self, request: HttpRequest, reports: "QuerySet[Report]") -> None:
        found = [(report.message.room, {"report_id": report.pk}) for report in reports.select_related("message__room")]
        each(request, found, services.handle_report, "Dealt with")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "room", "actor", "action", "subject", "message"]
    list_filter = ["action"]
    list_select_related = ["room", "actor", "subject", "message"]
    search_fields = ["room__name", "actor__username", "subject__username"]


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ["name", "room", "created_by", "last_used_at", "disabled_at"]
    list_filter = [("disabled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["room", "created_by"]
    search_fields = ["name", "room__name"]
    exclude = ["token_hash"]
