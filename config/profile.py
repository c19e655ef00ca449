"""What a person may change about themselves."""

from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.models import User
from django.db import transaction

from notifications.queries import contact_of
from notifications.services import set_time_zone


class ProfileForm(forms.Form):
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    time_zone = forms.CharField(
        max_length=64,
        help_text="Times are shown in it, such as Asia/Kolkata.",
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        if name not in available_timezones():
            raise forms.ValidationError("There is no such time zone. Choose one of the list.", code="unknown_zone")
        return name


def profile_of(user: User) -> dict[str, str]:
    return {"first_name": user.first_name, "last_name": user.last_name, "time_zone": contact_of(user).time_zone}


@transaction.atomic
def change_profile(*, user: User, first_name: str, last_name: str, time_zone: str) -> None:
    user.first_name = first_name
    user.last_name = last_name
    user.save(update_fields=["first_name", "last_name"])
    set_time_zone(user=user, time_zone=time_zone)
