"""allauth's forms in the words of the house: labels instead of placeholders, and no help said twice."""

from typing import Any

from allauth.account import forms

HINT = "Eight characters or more, not only digits, and nothing others would guess first."
LABELS = {
    "login": "Username or e-mail",
    "email": "E-mail",
    "username": "Username",
    "password": "Password",
    "password1": "Password",
    "password2": "The same password again",
    "oldpassword": "Current password",
    "remember": "Keep me logged in",
}


class HouseWords:
    """Puts our labels on the fields that a form has; a label says what a placeholder would."""

    labels: dict[str, str] = {}
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = {**LABELS, **self.labels}.get(name, field.label)
        if "password1" in self.fields:
            self.fields["password1"].help_text = HINT


class LoginForm(HouseWords, forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the page itself leads to the reset


class SignupForm(HouseWords, forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = "Others see it beside what you write."


class AddEmailForm(HouseWords, forms.AddEmailForm):
    pass


class ChangePasswordForm(HouseWords, forms.ChangePasswordForm):
    labels = {"password1": "New password", "password2": "New password again"}


class SetPasswordForm(HouseWords, forms.SetPasswordForm):
    pass


class ResetPasswordForm(HouseWords, forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(HouseWords, forms.ResetPasswordKeyForm):
    labels = {"password1": "New password", "password2": "New password again"}


class ReauthenticateForm(HouseWords, forms.ReauthenticateForm):
    pass
