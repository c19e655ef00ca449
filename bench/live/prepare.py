"""Makes the benchmark's world in the configured database: one public room, its people and their sessions, as JSON."""

import json
import os
import sys

import django


def main(people: int) -> None:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from chat.models import Membership, Room

    call_command("migrate", verbosity=0)
    room, _ = Room.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    known = User.objects.filter(username__startswith="bench-").count()
    made = User.objects.bulk_create(User(username=f"bench-{n}") for n in range(known, people))
    Membership.objects.bulk_create(Membership(room=room, user=user) for user in made)
    cookies = []
    for user in User.objects.filter(username__startswith="bench-").order_by("pk")[:people]:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        session.save()
        cookies.append(session.session_key)
    json.dump({"room": room.pk, "cookies": cookies}, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(int(sys.argv[1]))
