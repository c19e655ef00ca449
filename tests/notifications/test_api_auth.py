"""Whom a token speaks for."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from config.tokens import issue_token
from notifications.api_auth import Scope, TokenRefused

pytestmark = pytest.mark.django_db


def person_of(token: str) -> User:
    request = RequestFactory().get("/api/wallet", headers={"Authorization": f"Bearer {token}"})
    return Scope("wallet:read")(request)


@pytest.mark.parametrize("rights", [{}, {"is_staff": True}, {"is_superuser": True}])
def test_a_token_speaks_for_its_person_with_their_own_rights(rights: dict[str, bool]) -> None:
    user = User.objects.create(username="asha", first_name="Asha", last_name="Rao", email="asha@example.com", **rights)

    person = person_of(issue_token(user=user, scopes=["wallet:read"], lifetime=timedelta(hours=1)))

    assert person == user
    fields = [field.attname for field in User._meta.concrete_fields]
    assert {name: getattr(person, name) for name in fields} == {name: getattr(user, name) for name in fields}


def test_a_person_who_may_not_sign_in_has_no_token() -> None:
    user = User.objects.create(username="asha")
    token = issue_token(user=user, scopes=["wallet:read"], lifetime=timedelta(hours=1))
    User.objects.update(is_active=False)

    with pytest.raises(TokenRefused):
        person_of(token)
