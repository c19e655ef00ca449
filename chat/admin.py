from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

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


class ReadOnlyAdmin(admin.ModelAdmin):
    """To find and to read: what it shows changes through the rooms, where the change is told to everyone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]
    fields = ["user", "role", "alert", "muted_until", "joined_at"]
    readonly_fields = ["joined_at"]


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "kind", "last_number", "last_message_at", "archived_at"]
    list_filter = ["kind", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "slug", "key"]
    readonly_fields = ["last_number", "last_message_at", "created_at"]
    autocomplete_fields = ["created_by"]
    inlines = [MembershipInline]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "room", "role", "muted_until", "read_number", "joined_at"]
    list_filter = ["role", "alert"]
    list_select_related = ["user", "room"]
    search_fields = ["user__username", "room__name", "room__slug"]
    autocomplete_fields = ["user", "room"]
    readonly_fields = ["read_number", "last_sent_at", "paced_until", "joined_at"]


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
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["message", "reporter", "reason", "created_at", "handled_by"]
    list_filter = [("handled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["message", "reporter", "handled_by"]
    search_fields = ["reason", "body", "reporter__username"]


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
