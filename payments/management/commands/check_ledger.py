from typing import Any

from django.core.management.base import BaseCommand

from payments.ledger import check_ledger


class Command(BaseCommand):
    """Exit status 1 when something is wrong, so that cron and CI notice."""

    help = "Proves that the ledger adds up: sums, balances, order and hash chains."

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_ledger()
        for fault in report.faults:
            self.stderr.write(self.style.ERROR(fault))
        counts = f"{report.account_count} accounts, {report.transfer_count} transfers, {report.entry_count} entries"
        if report.faults:
            self.stderr.write(f"{counts}: {len(report.faults)} faults")
            raise SystemExit(1)
        self.stdout.write(f"{counts}: the ledger adds up")
