"""Loads the demo world."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import demo


class Command(BaseCommand):
    help = "Load the demo world: people, rooms, wallets and problems. Running it again adds only what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="load it in a production run (DEBUG=0) too")
        parser.add_argument("--once", action="store_true", help="do nothing when the demo world is there already")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError("The demo world has public passwords, so it loads only with DEBUG=1 (or --force).")
        if options["once"] and demo.is_loaded():
            return
        people = demo.load_demo()
        self.stdout.write(f"The demo world is there: {', '.join(people)}.")
