from django.db import migrations

from payments import guards


class Migration(migrations.Migration):
    """A later migration that alters transfers begins with guards.remove_sides and ends with guards.install_sides."""

    dependencies = [
        ("payments", "0005_codes_requests_holds_and_gateways"),
    ]

    operations = [
        migrations.RunPython(guards.install_sides, guards.remove_sides),
    ]
