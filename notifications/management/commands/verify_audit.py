"""`manage.py verify_audit [head]`: whether anyone has changed, removed or inserted an entry of the audit."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.events import audit
from notifications.models import AuditEntry


class Command(BaseCommand):
    help = (
        "Walks the audit's chain of hashes from the first entry, and ends with 1 where it is broken. It prints the "
        "chain's head: keep that elsewhere and give it next time, to notice a chain that was cut off at its end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("head", nargs="?", default="", help="the head that an earlier run printed")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify()
        if verdict.broken_at is not None:
            raise CommandError(f"broken at position {verdict.broken_at}, after {verdict.checked} good entries")
        head = options["head"]
        if head and head != audit.GENESIS and not AuditEntry.objects.filter(hash=head).exists():
            raise CommandError(f"the head {head} is no longer in the chain: it was cut off")
        self.stdout.write(f"{verdict.checked} entries, unbroken. Head {verdict.head}")
