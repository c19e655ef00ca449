"""People and kinds for the tests of notifications."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User

from notifications import kinds
from notifications.models import Contact

_numbers = itertools.count(1)


def make_person(username: str = "", *, phone: str | None = None, email: str | None = None, **contact: Any) -> User:
    """A person with an address and, where asked, a number."""
    name = username or f"person{next(_numbers)}"
    user = User.objects.create_user(name, f"{name}@example.com" if email is None else email, "sesame-open-9")
    Contact.objects.create(user=user, phone=phone, **contact)
    return user


@contextmanager
def registered_kind(
    name: str = "sample", *, channels: tuple[str, ...] = ("email", "sms", "push"), **fields: Any
) -> Iterator[kinds.Kind]:
    """A kind with the sample templates of tests, gone again at the end."""
    kind = kinds.Kind(
        name=name, label="Sample", channels=channels, templates="notifications/notify/test_message", **fields
    )
    kinds.register(kind)
    yield kind
    del kinds._kinds[name]
