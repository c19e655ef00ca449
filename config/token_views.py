"""The page of a person's API tokens."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from config.tokens import issue_token, revoke_token, tokens_of


class TokenForm(forms.Form):
    """What a new token may do, and for how long."""

    days = forms.TypedChoiceField(
        label="It ends after", coerce=int, choices=[(7, "a week"), (30, "30 days"), (90, "90 days"), (365, "a year")]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = list(settings.OAUTH2_PROVIDER["SCOPES"].items())
        self.fields["scopes"] = forms.MultipleChoiceField(
            label="It may", choices=scopes, widget=forms.CheckboxSelectMultiple
        )
        self.order_fields(["scopes", "days"])


@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens, and make one: its text is shown in this answer alone."""
    user, text = cast(User, request.user), None
    form = TokenForm(request.POST if request.method == "POST" else None, initial={"days": 30})
    if request.method == "POST" and form.is_valid():
        lifetime = timedelta(days=form.cleaned_data["days"])
        text = issue_token(user=user, scopes=form.cleaned_data["scopes"], lifetime=lifetime)
        form = TokenForm(initial={"days": 30})
    context = {"form": form, "tokens": tokens_of(user), "text": text}
    response = render(request, "chowk/tokens.html", context, status=422 if form.is_bound else 200)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token of one's own."""
    revoke_token(user=cast(User, request.user), token_id=token_id)
    return redirect("tokens")
