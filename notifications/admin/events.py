"""What staff see of domain events and their subscribers."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from notifications.admin.read_only import ReadOnlyAdmin
from notifications.events import audit, following
from notifications.models import AuditEntry, DomainEvent, Follower, MinuteMetric, Webhook, WebhookDelivery


@admin.register(DomainEvent)
class DomainEventAdmin(ReadOnlyAdmin):
    list_display = ("position", "name", "at", "actor_id", "data")
    list_filter = ("name",)
    search_fields = ("name",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Follower)
class FollowerAdmin(ReadOnlyAdmin):
    list_display = ("name", "cursor", "failure_count", "due_at", "error")
    search_fields = ("name",)
    actions = ("replay",)

    @admin.action(description="Deal with every event again, from the first")
    def replay(self, request: HttpRequest, selected: QuerySet[Follower]) -> None:
        for follower in selected:
            following.replay(follower.name)
        self.message_user(request, "Set back to the first event.", messages.SUCCESS)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("position", "name", "at", "actor_id", "data", "short_hash")
    list_filter = ("name", "at")
    search_fields = ("name", "=actor_id", "data")
    ordering = ("-position",)
    date_hierarchy = "at"
    show_full_result_count = False
    actions = ("verify",)

    @admin.display(description="hash")
    def short_hash(self, entry: AuditEntry) -> str:
        return entry.hash[:12]

    @admin.action(description="Verify the whole chain")
    def verify(self, request: HttpRequest, selected: QuerySet[AuditEntry]) -> None:
        verdict = audit.verify()
        if verdict.broken_at is None:
            self.message_user(request, f"{verdict.checked} entries, unbroken. Head {verdict.head}.", messages.SUCCESS)
        else:
            self.message_user(request, f"Broken at position {verdict.broken_at}.", messages.ERROR)


@admin.register(MinuteMetric)
class MinuteMetricAdmin(ReadOnlyAdmin):
    list_display = ("minute", "name", "count", "milliseconds", "longest_milliseconds")
    list_filter = ("name",)
    search_fields = ("name",)
    ordering = ("-minute", "name")


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("url", "owner", "names", "is_active", "created_at", "off_reason")
    list_filter = ("is_active",)
    list_select_related = ("owner",)
    search_fields = ("url", "owner__username")
    exclude = ("secret",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "webhook", "event", "state", "attempt_count", "status", "milliseconds", "due_at", "sent_at")
    list_filter = ("state", "status")
    list_select_related = ("webhook", "event")
    search_fields = ("webhook__url", "event__name")
