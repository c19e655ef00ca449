"""What people type, checked and turned into what services take."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from payments.errors import PaymentsError
from payments.gateways import Gateway
from payments.lookups import look_up
from payments.models import Hold
from payments.money import parse_rupees, plain_rupees

Value = TypeVar("Value")


def checked(parse: Callable[[str], Value], text: str) -> Value:
    """The parsed text. Raises ValidationError with the refusal's words and code."""
    try:
        return parse(text)
    except PaymentsError as error:
        raise forms.ValidationError(str(error), code=error.code) from error


class RupeesField(forms.CharField):
    """An amount as people write it; its value is in paise."""

    widget = forms.TextInput(
        attrs={"inputmode": "decimal", "class": "input--amount", "autocomplete": "off", "placeholder": "0.00"}
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, strip=True, error_messages={"required": "How much?"}, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return checked(parse_rupees, text) if text else None


class KeyedForm(forms.Form):
    """A form whose `key` is made with it, so that sending it twice does it once."""

    key = forms.CharField(max_length=100, initial=uuid4, widget=forms.HiddenInput)
    FIELD_OF_CODE = {
        "insufficient_funds": "amount",
        "limit_exceeded": "amount",
        "amount_too_small": "amount",
        "invalid_note": "note",
    }

    def submit(self, do: Callable[[dict[str, Any]], Value]) -> Value | None:
        """What `do` makes of the cleaned data; None where the form is not valid or `do` refuses, which it shows."""
        if not self.is_valid():
            return None
        try:
            return do(self.cleaned_data)
        except PaymentsError as error:
            self._refuse(error)
            return None

    def _refuse(self, error: PaymentsError) -> None:
        """Show a service's refusal where the person can mend it."""
        if error.code == "idempotency_key_reused" and isinstance(self.data, QueryDict):
            # The person has seen it: sending the corrected form again is meant as another one.
            self.data = {**self.data.dict(), "key": str(uuid4())}
        self.add_error(self.FIELD_OF_CODE.get(error.code), forms.ValidationError(str(error), code=error.code))


class TransferForm(KeyedForm):
    """Who gets how much."""

    recipient = forms.CharField(
        label="To",
        max_length=254,
        help_text="A phone number, user name or e-mail address",
        error_messages={"required": "Who? A phone number, user name or e-mail address."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "7010233311"}),
    )
    amount = RupeesField(label="Amount in ₹")
    note = forms.CharField(label="Note", max_length=140, required=False)

    def __init__(self, *args: Any, payer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._payer = payer

    def clean_recipient(self) -> User:
        user = checked(partial(look_up, self._payer), self.cleaned_data["recipient"])
        if user.pk == self._payer.pk:
            raise forms.ValidationError("That is you: money can only go to someone else.", code="self_transfer")
        return user


class AskForm(TransferForm):
    """Whom to ask for how much."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].label = "From"
        self.fields["note"].label = "What for"


class HoldForm(TransferForm):
    """For whom to set how much aside."""

    FIELD_OF_CODE = {**KeyedForm.FIELD_OF_CODE, "code_required": "amount"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].label = "For"
        self.fields["note"].label = "What for"


class CaptureForm(KeyedForm):
    """How much of a hold to take."""

    amount = RupeesField(label="Take ₹", help_text="What you leave goes back.")
    FIELD_OF_CODE = {**KeyedForm.FIELD_OF_CODE, "amount_too_large": "amount"}

    def __init__(self, *args: Any, hold: Hold, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain_rupees(hold.amount_paise)


class SplitForm(KeyedForm):
    """A bill that was paid, and who shares it."""

    amount = RupeesField(label="The whole bill in ₹")
    people = forms.CharField(
        label="Who shares it",
        max_length=4000,
        help_text="User names or phone numbers, with commas between; you bear one share too",
        error_messages={"required": "With whom? User names or phone numbers, with commas between."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "ravi, meera, 98123 45604"}),
    )
    note = forms.CharField(label="What for", max_length=140, required=False)
    place = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)
    FIELD_OF_CODE = {**KeyedForm.FIELD_OF_CODE, "invalid_split": "people"}

    def __init__(self, *args: Any, creator: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._creator = creator

    def clean_people(self) -> list[User]:
        found: dict[int, User] = {}
        for text in self.cleaned_data["people"].split(","):
            if not text.strip():
                continue
            try:
                user = look_up(self._creator, text)
            except PaymentsError as error:
                raise forms.ValidationError(f"{text.strip()}: {error}", code=error.code) from error
            found[user.pk] = user
        return list(found.values())


class BankForm(KeyedForm):
    """Money from the bank or to it."""

    direction = forms.ChoiceField(
        label="What", choices=[("top_up", "Add money"), ("withdrawal", "Withdraw money")], widget=forms.RadioSelect
    )
    amount = RupeesField(label="Amount in ₹")
    FIELD_OF_CODE = {**KeyedForm.FIELD_OF_CODE, "invalid_amount": "amount", "unknown_gateway": "gateway"}

    def __init__(self, *args: Any, gateways: dict[str, Gateway], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["direction"].initial = "top_up"
        choices = [(gateway.name, gateway.label) for gateway in gateways.values()]
        self.fields["gateway"] = forms.ChoiceField(label="By", choices=choices, initial=next(iter(gateways), None))
