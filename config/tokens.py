"""Personal tokens for the API: shown once, kept as a hash, with scopes and an end."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken

from notifications.api_auth import checksum_of

PREFIX = "chowk_"
"""Lets scanners for leaked secrets know what they found."""


def issue_token(*, user: User, scopes: list[str], lifetime: timedelta) -> str:
    """Make a token and answer its text, which is nowhere else. Raises ValueError for an unknown scope."""
    unknown = set(scopes) - set(settings.OAUTH2_PROVIDER["SCOPES"])
    if unknown or not scopes:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown)) or 'none given'}")
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = AccessToken.objects.create(
            user=user,
            # The library finds a token by its checksum; the text itself is not kept.
            token=f"{text[: len(PREFIX) + 4]}…{secrets.token_hex(8)}",
            scope=" ".join(scopes),
            expires=timezone.now() + lifetime,
        )
        AccessToken.objects.filter(pk=token.pk).update(token_checksum=checksum_of(text))
    return text


def tokens_of(user: User) -> list[AccessToken]:
    """The person's tokens, newest first."""
    return list(AccessToken.objects.filter(user=user).order_by("-created"))


def revoke_token(*, user: User, token_id: int) -> None:
    """From here on the token is refused."""
    AccessToken.objects.filter(user=user, pk=token_id).delete()
