"""Staff may look at everything; what the ledger wrote nobody changes."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from payments import services
from payments.errors import PaymentsError
from payments.models import (
    Account,
    BankMove,
    BillSplit,
    Draft,
    Entry,
    GatewayEvent,
    Hold,
    MoneyRequest,
    Subscription,
    Transfer,
    TransferCode,
)
from payments.money import format_rupees


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists and shows; adds, changes and deletes nothing."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="Amount", ordering="amount_paise")
    def amount(self, row: Any) -> str:
        return format_rupees(row.amount_paise)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "name", "user", "balance", "entry_count", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__email")
    actions = ("close_wallets",)

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.change_account")

    @admin.action(description="Close these wallets for good (they must be empty)", permissions=["close"])
    def close_wallets(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        for account in accounts.filter(kind=Account.Kind.WALLET).select_related("user"):
            try:
                services.close_wallet(user=cast(User, account.user))
            except PaymentsError as error:
                self.message_user(request, f"{account.user}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{account.user}: closed.", messages.SUCCESS)

    @admin.display(description="Balance", ordering="balance_paise")
    def balance(self, row: Account) -> str:
        return format_rupees(row.balance_paise)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "kind", "payer", "payee", "amount", "note")
    list_filter = ("kind", "created_at")
    list_select_related = ("payer__user", "payee__user")
    search_fields = ("=id", "note", "key", "payer__user__username", "payee__user__username")
    ordering = ("-id",)
    change_form_template = "payments/admin/transfer.html"

    def get_urls(self) -> list[URLPattern]:
        reverse_url = path(
            "<uuid:transfer_id>/reverse/",
            self.admin_site.admin_view(self.reverse_view),
            name="payments_transfer_reverse",
        )
        return [reverse_url, *super().get_urls()]

    def reverse_view(self, request: HttpRequest, transfer_id: UUID) -> HttpResponse:
        """Ask for the reason, and move the money back."""
        if not request.user.has_perm("payments.reverse_transfer"):
            raise PermissionDenied
        transfer = get_object_or_404(Transfer, pk=transfer_id)
        refusal = None
        if request.method == "POST":
            try:
                posted = services.reverse_transfer(
                    transfer_id=transfer_id, staff=cast(User, request.user), reason=request.POST.get("reason", "")
                )
            except PaymentsError as error:
                refusal = error
            else:
                self.message_user(request, f"Reversed by transfer {posted.transfer_id}.", messages.SUCCESS)
                return redirect("admin:payments_transfer_change", posted.transfer_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Reverse a transfer",
            "transfer": transfer,
            "amount": format_rupees(transfer.amount_paise),
            "refusal": refusal,
        }
        return render(request, "payments/admin/reverse.html", context)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("account", "seq", "created_at", "amount", "balance_after", "transfer_id")
    list_filter = ("account__kind", "created_at")
    list_select_related = ("account__user",)
    search_fields = ("=transfer__id", "account__user__username", "account__name")
    ordering = ("-id",)

    @admin.display(description="Balance after")
    def balance_after(self, row: Entry) -> str:
        return format_rupees(row.balance_after_paise)


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "payer", "payee", "amount", "transfer_id")
    list_filter = (("transfer", admin.EmptyFieldListFilter),)
    list_select_related = ("payer", "payee")
    search_fields = ("=id", "payer__username", "payee__username")


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("user", "started_at", "period_ends_at", "cancel_at_period_end", "grace_ends_at", "ended_at")
    list_filter = ("cancel_at_period_end", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")


@admin.register(TransferCode)
class TransferCodeAdmin(ReadOnlyAdmin):
    list_display = ("id", "draft", "created_at", "expires_at", "tries_left", "used_at")
    list_filter = (("used_at", admin.EmptyFieldListFilter),)
    search_fields = ("=draft__id", "draft__payer__username")


@admin.register(MoneyRequest)
class MoneyRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "asker", "payer", "amount", "state", "note")
    list_filter = (("declined_at", admin.EmptyFieldListFilter), ("transfer", admin.EmptyFieldListFilter))
    list_select_related = ("asker", "payer")
    search_fields = ("=id", "asker__username", "payer__username", "note")


@admin.register(BillSplit)
class BillSplitAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "creator", "total", "place", "note")
    list_filter = ("created_at",)
    list_select_related = ("creator",)
    search_fields = ("=id", "creator__username", "place", "note")

    @admin.display(description="Total", ordering="total_paise")
    def total(self, row: BillSplit) -> str:
        return format_rupees(row.total_paise)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "payer", "payee", "amount", "state", "expires_at")
    list_filter = ("state",)
    list_select_related = ("payer", "payee")
    search_fields = ("=id", "payer__username", "payee__username", "note")


@admin.register(BankMove)
class BankMoveAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "user", "direction", "gateway", "amount", "state", "reference")
    list_filter = ("direction", "state", "gateway")
    list_select_related = ("user",)
    search_fields = ("=id", "reference", "user__username")


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin):
    list_display = ("gateway", "event_id", "type", "received_at", "repeat_count", "outcome")
    list_filter = ("outcome", "gateway", "type")
    search_fields = ("event_id", "type")
