"""Admin: every model has its list, in a constant number of queries, and hostile text stays text."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chat import errors, services
from chat.models import Room
from notifications import streams
from tests.chat.factories import make_room, make_user, post, seat

pytestmark = pytest.mark.django_db
HOSTILE = "<img src=x onerror=alert(1)>"
MODELS = [
    "room",
    "membership",
    "message",
    "messageversion",
    "reaction",
    "mention",
    "attachment",
    "invitation",
    "report",
    "auditentry",
    "webhook",
]


def fill(owner: User) -> Room:
    """One of everything, all of it hostile."""
    member = make_user()
    room = make_room(owner, member, name=HOSTILE, description=HOSTILE)
    message = post(room, owner, f"{HOSTILE} @{member.username}")
    services.edit_message(seat=seat(owner, room), message=message, body=f"again {HOSTILE} @{member.username}")
    services.react(seat=seat(owner, room), message=message, emoji="👍")
    services.upload_file(seat=seat(owner, room), file=SimpleUploadedFile(f"{HOSTILE}.txt", b"x"))
    services.invite_by_link(seat=seat(owner, room))
    services.report_message(seat=seat(member, room), message=message, reason=HOSTILE)
    services.create_webhook(seat=seat(owner, room), name=HOSTILE)
    return room


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_keeps_hostile_text_inert(client, model) -> None:
    staff = User.objects.create_superuser("staff", password="x")
    client.force_login(staff)
    fill(make_user())
    page = client.get(reverse(f"admin:chat_{model}_changelist"))
    assert page.status_code == 200
    assert "<img src=x" not in page.content.decode()
    row = page.context["cl"].result_list[0]
    change = client.get(reverse(f"admin:chat_{model}_change", args=[row.pk]))
    assert change.status_code == 200
    assert "<img src=x" not in change.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_a_longer_list_costs_no_more_queries(client, model, django_assert_max_num_queries) -> None:
    client.force_login(User.objects.create_superuser("staff", password="x"))
    url = reverse(f"admin:chat_{model}_changelist")
    fill(make_user())
    client.get(url)
    with django_assert_max_num_queries(50) as few:
        client.get(url)
    for _ in range(3):
        fill(make_user())
    with django_assert_max_num_queries(len(few)):
        client.get(url)


def test_secrets_and_messages_cannot_be_changed_or_seen(client) -> None:
    staff = User.objects.create_superuser("staff", password="x")
    client.force_login(staff)
    room = fill(make_user())
    webhook, invitation = room.webhooks.get(), room.invitations.get()
    page = client.get(reverse("admin:chat_webhook_change", args=[webhook.pk])).content.decode()
    assert webhook.token_hash not in page
    page = client.get(reverse("admin:chat_invitation_change", args=[invitation.pk])).content.decode()
    assert invitation.token not in page
    message = room.messages.first()
    assert client.post(reverse("admin:chat_message_delete", args=[message.pk]), {"post": "yes"}).status_code == 403


def act(client, model: str, action: str, row: Any) -> str:
    data = {"action": action, "_selected_action": [row.pk]}
    return client.post(reverse(f"admin:chat_{model}_changelist"), data, follow=True).content.decode()


def test_what_staff_does_in_a_private_room_is_told_and_written_down(client) -> None:
    staff = User.objects.create_superuser("staff", password="x")
    client.force_login(staff)
    owner, member = make_user(), make_user()
    room = make_room(owner, member, kind=Room.Kind.PRIVATE)
    message = post(room, member, "rude")
    report = services.report_message(seat=seat(owner, room), message=message, reason="")
    row = room.memberships.get(user=member)
    for action in ("mute_for_a_day", "end_mute", "make_moderator", "ban"):
        assert "errornote" not in act(client, "membership", action, row)
    assert not streams.may_read(member, room.stream)
    assert any(event.data == {"user": member.pk, "stream": room.stream} for event in control_events())
    act(client, "membership", "lift_ban", row)
    assert "needs an owner" in act(client, "membership", "make_member", room.memberships.get(user=owner))
    act(client, "report", "handle", report)
    act(client, "room", "archive", room)
    with pytest.raises(errors.RoomArchived):
        post(room, owner)
    act(client, "room", "open_again", room)
    assert list(room.audit.order_by("pk").values_list("action", flat=True)) == [
        "member.muted",
        "member.unmuted",
        "role.set",
        "member.banned",
        "member.unbanned",
        "report.handled",
        "room.archived",
        "room.unarchived",
    ]


def control_events() -> list[Any]:
    found = streams.read("control", after=0)
    return list(found.events) if isinstance(found, streams.Slice) else []


def test_who_may_only_look_in_the_admin_does_nothing_there(client) -> None:
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_membership"))
    client.force_login(helper)
    room = make_room(make_user(), make_user())
    act(client, "membership", "ban", room.memberships.last())
    assert not room.audit.exists()
