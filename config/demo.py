"""The demo world: five people and an admin whose passwords a DEBUG run shows on its login page."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import transaction

from notifications.models import Contact


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the demo world; the password is public, so never one of a production run."""

    username: str
    full_name: str
    phone: str | None
    staff: bool = False

    @property
    def email(self) -> str:
        return f"{self.username}@chowk.example"

    @property
    def password(self) -> str:
        return f"{self.username}-chowk"


PEOPLE = [
    Person("asha", "Asha Rao", "+919812345601"),
    Person("ravi", "Ravi Kumar", "+917010233311"),
    Person("meera", "Meera Iyer", "+919812345603"),
    Person("kabir", "Kabir Khan", "+919812345604"),
    Person("zoya", "Zoya Shaikh", "+919812345605"),
    Person("admin", "Admin", None, staff=True),
]

APPS = ["payments", "chat", "judge"]
"""The apps with a demo world of their own, in the order in which they build on each other."""


def load_demo() -> dict[str, User]:
    """Create the people and each app's demo world, all or nothing; what exists already is left as it is."""
    with transaction.atomic():
        people = {person.username: _load_person(person) for person in PEOPLE}
        for app in APPS:
            load = _loader(app)
            if load is not None:
                load(people)
    return people


def is_loaded() -> bool:
    """Whether someone of the demo world is in the database."""
    return User.objects.filter(username__in=[person.username for person in PEOPLE]).exists()


def people_with_public_passwords() -> list[str]:
    """The usernames that can still sign in with the password printed here."""
    users = {user.username: user for user in User.objects.filter(username__in=[p.username for p in PEOPLE])}
    return [p.username for p in PEOPLE if p.username in users and users[p.username].check_password(p.password)]


def _load_person(person: Person) -> User:
    first_name, _, last_name = person.full_name.partition(" ")
    user = User.objects.filter(username=person.username).first()
    if user is None:
        create = User.objects.create_superuser if person.staff else User.objects.create_user
        user = create(person.username, person.email, person.password, first_name=first_name, last_name=last_name)
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults={"verified": True, "primary": True})
    Contact.objects.get_or_create(user=user, defaults={"phone": person.phone})
    return user


def _loader(app: str) -> Callable[[dict[str, User]], None] | None:
    if find_spec(f"{app}.demo") is None:
        return None
    load: Callable[[dict[str, User]], None] = import_module(f"{app}.demo").load_demo
    return load
