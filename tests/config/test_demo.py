"""The demo world: there once, whole, and never in a production run."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config import demo
from notifications.models import Contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def debug(settings) -> None:
    settings.DEBUG = True


def everything() -> dict[str, int]:
    """How many rows each model has."""
    from django.apps import apps

    return {model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.managed}


def test_five_people_with_phone_numbers_and_a_staff_user(debug: None) -> None:
    call_command("load_demo")
    assert Contact.objects.get(user__username="ravi").phone == "+917010233311"
    assert Contact.objects.exclude(phone=None).count() == 5
    assert list(User.objects.filter(is_staff=True).values_list("username", flat=True)) == ["admin"]


def test_their_passwords_open_their_accounts(debug: None) -> None:
    call_command("load_demo")
    for person in demo.PEOPLE:
        assert authenticate(username=person.username, password=person.password) is not None


def test_loading_it_again_changes_nothing(debug: None) -> None:
    call_command("load_demo")
    User.objects.filter(username="asha").update(first_name="Aasha")
    before = everything()
    call_command("load_demo")
    assert everything() == before
    assert User.objects.get(username="asha").first_name == "Aasha"


def test_once_leaves_a_world_alone_that_people_have_changed(debug: None) -> None:
    call_command("load_demo")
    User.objects.filter(username="zoya").update(username="zoya-the-second")
    call_command("load_demo", "--once")
    assert not User.objects.filter(username="zoya").exists()


def test_a_production_run_refuses_it() -> None:
    with pytest.raises(CommandError, match="DEBUG=1"):
        call_command("load_demo")
    assert not User.objects.exists()


def test_a_production_run_may_be_forced() -> None:
    call_command("load_demo", "--force")
    assert demo.is_loaded()


def test_public_passwords_are_found_until_they_are_changed() -> None:
    call_command("load_demo", "--force")
    assert len(demo.people_with_public_passwords()) == len(demo.PEOPLE)
    asha = User.objects.get(username="asha")
    asha.set_password("one of her own")
    asha.save()
    assert "asha" not in demo.people_with_public_passwords()
