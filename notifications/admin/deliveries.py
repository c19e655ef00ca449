"""What staff see of people's contacts, notifications, deliveries and streams."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from notifications.admin.read_only import ReadOnlyAdmin
from notifications.models import (
    AddressCode,
    Announcement,
    Attempt,
    Contact,
    DeadAddress,
    Delivery,
    Event,
    Notification,
    Provider,
    PushDevice,
    Refusal,
    SimulatedText,
    State,
    Stream,
)
from notifications.services import replay_deliveries


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    list_display = ("user", "phone", "language", "time_zone", "quiet_from", "quiet_until", "digest_at")
    list_filter = ("language",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "phone")
    autocomplete_fields = ("user",)


class DeliveryInline(admin.TabularInline):
    model = Delivery
    fields = ("channel", "state", "attempt_count", "target", "due_at", "sent_at", "reason")
    readonly_fields = fields
    can_delete = False
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "kind", "key", "created_at", "read_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__username", "key")
    date_hierarchy = "created_at"
    inlines = (DeliveryInline,)


class AttemptInline(admin.TabularInline):
    model = Attempt
    fields = ("number", "at", "outcome", "code", "error")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "channel", "state", "person", "kind", "attempt_count", "due_at", "sent_at", "reason")
    list_filter = ("channel", "state", "notification__kind")
    list_select_related = ("notification__user",)
    search_fields = ("notification__user__username", "target", "provider_id", "reason")
    actions = ("replay",)
    inlines = (AttemptInline,)

    @admin.display(ordering="notification__user__username")
    def person(self, delivery: Delivery) -> str:
        return delivery.notification.user.get_username()

    @admin.display(ordering="notification__kind")
    def kind(self, delivery: Delivery) -> str:
        return delivery.notification.kind

    @admin.action(description="Try again: dead letters and those not sent")
    def replay(self, request: HttpRequest, selected: QuerySet[Delivery]) -> None:
        finished = selected.filter(state__in=(State.DEAD, State.SUPPRESSED))
        count = replay_deliveries(delivery_ids=list(finished.values_list("pk", flat=True)))
        self.message_user(request, f"{count} on their way again.", messages.SUCCESS)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "delivery", "number", "at", "outcome", "code", "error")
    list_filter = ("outcome", "delivery__channel", "code")
    list_select_related = ("delivery",)
    search_fields = ("error", "code")


@admin.register(SimulatedText)
class SimulatedTextAdmin(ReadOnlyAdmin):
    list_display = ("id", "phone", "body", "at")
    search_fields = ("phone", "body")


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = ("name", "last_seq", "trimmed_seq")
    search_fields = ("name",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "stream", "seq", "type", "at")
    list_filter = ("type",)
    list_select_related = ("stream",)
    search_fields = ("=stream__name", "type")
    show_full_result_count = False


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "title",
        "audience_label",
        "author",
        "told_count",
        "people_count",
        "created_at",
        "finished_at",
    )
    list_select_related = ("author",)
    search_fields = ("title", "text", "author__username")


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "channel")
    list_filter = ("kind", "channel")
    list_select_related = ("user",)
    search_fields = ("user__username",)


@admin.register(DeadAddress)
class DeadAddressAdmin(admin.ModelAdmin):
    list_display = ("address", "channel", "reason", "at")
    list_filter = ("channel",)
    search_fields = ("address",)


@admin.register(PushDevice)
class PushDeviceAdmin(ReadOnlyAdmin):
    list_display = ("user", "name", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("auth_secret", "public_key")


@admin.register(AddressCode)
class AddressCodeAdmin(ReadOnlyAdmin):
    list_display = ("user", "channel", "address", "sent_at", "tries")
    list_select_related = ("user",)
    search_fields = ("user__username", "address")
    exclude = ("code_hash",)


@admin.register(Provider)
class ProviderAdmin(admin.ModelAdmin):
    list_display = ("name", "failure_count", "open_until", "error")
    search_fields = ("name",)
