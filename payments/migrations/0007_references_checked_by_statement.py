from django.db import migrations

from payments import guards


class Migration(migrations.Migration):
    """On PostgreSQL triggers take the place of the ledger's foreign keys to accounts and transfers."""

    dependencies = [
        ("payments", "0006_entries_are_sides_on_sqlite"),
    ]

    operations = [
        migrations.RunPython(guards.check_by_statement, guards.check_by_row),
    ]
