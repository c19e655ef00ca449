"""What people set about how they are told."""

import zoneinfo
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from notifications import audiences
from notifications.events.catalogue import events_for
from notifications.models import Contact

COMMON_ZONES = ("Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Colombo", "Asia/Dubai", "Asia/Singapore", "UTC")


def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    others = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [("Common", [(zone, zone) for zone in COMMON_ZONES]), ("All", [(zone, zone) for zone in others])]


class ReadingForm(forms.Form):
    """Language, time zone, quiet hours and the digest."""

    language = forms.ChoiceField(choices=Contact.Language.choices, label="Language of messages")
    time_zone = forms.ChoiceField(choices=_zones, label="Time zone")
    quiet_from = forms.TimeField(
        required=False,
        label="Quiet from",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Texts and pushes wait until the quiet hours end. Codes and passwords do not.",
    )
    quiet_until = forms.TimeField(
        required=False, label="Quiet until", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    digest_at = forms.TimeField(
        required=False,
        label="One e-mail a day, at",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="When set, the day's e-mails come as one. Empty: each at once.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", "Quiet hours need a beginning and an end.")
        return cleaned


class PhoneForm(forms.Form):
    """A number to prove."""

    phone = forms.CharField(
        max_length=20, label="Phone number", widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )


class CodeForm(forms.Form):
    """The code that was sent there."""

    code = forms.CharField(
        max_length=6,
        min_length=6,
        label="Code",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input--code"}
        ),
    )


class AnnouncementForm(forms.Form):
    """What an audience is told. `key` makes a second posting of the same page tell nobody twice."""

    audience = forms.ChoiceField(choices=audiences.choices, label="To", initial=audiences.EVERYONE)
    title = forms.CharField(max_length=100, label="Title", help_text="The e-mail's subject, and the push.")
    text = forms.CharField(max_length=4000, label="Text", widget=forms.Textarea(attrs={"rows": 8}))
    url = forms.CharField(
        max_length=300,
        required=False,
        label="Page",
        help_text="Where it leads, such as /judge/contests/. May stay empty.",
    )
    key = forms.CharField(max_length=32, widget=forms.HiddenInput)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if url and (not url.startswith("/") or url.startswith("//")):
            raise forms.ValidationError("Name a page of this site, beginning with a slash.")
        return url


class WebhookForm(forms.Form):
    """A URL, and the events it is told of."""

    url = forms.URLField(max_length=500, label="URL", assume_scheme="https")
    names = forms.MultipleChoiceField(
        required=False,
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: everything that concerns you, also what is added later.",
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        names = cast(forms.MultipleChoiceField, self.fields["names"])
        names.choices = [(one.name, f"{one.label} ({one.name})") for one in events_for(user)]
