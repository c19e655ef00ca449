from django.db import migrations

from payments import guards


class Migration(migrations.Migration):
    """What is written in the ledger stays. A later migration that alters these tables must put the guards up again:
    SQLite drops a table's triggers when Django remakes it."""

    dependencies = [
        ("payments", "0001_accounts_transfers_entries_and_plans"),
    ]

    operations = [
        migrations.RunPython(guards.install, guards.remove),
    ]
