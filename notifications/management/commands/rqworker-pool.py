# ruff: noqa: N999
"""`manage.py rqworker-pool queue … --num-workers 4`: django-rq's command with our queues' worker and serializer."""

from importlib import import_module
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rq.serializers import JSONSerializer

from notifications.management.commands.rqworker import WORKER_CLASS

# A module with a hyphen in its name cannot be named in an import statement.
PoolCommand: Any = import_module("django_rq.management.commands.rqworker-pool").Command


class Command(PoolCommand):
    help = "Runs several workers on the queues named. The pool's own default would read jobs as pickle; ours are JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        serializer = f"{JSONSerializer.__module__}.{JSONSerializer.__qualname__}"
        parser.set_defaults(serializer=serializer, worker_class=WORKER_CLASS)

    def handle(self, *args: str, **options: Any) -> None:
        if not args:
            raise CommandError("name the queues to work on, such as: manage.py rqworker-pool email --num-workers 2")
        super().handle(*args, **options)
