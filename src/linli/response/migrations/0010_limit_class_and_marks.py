"""The limit that a corrected case had missed stays on it; rungs of the ladder are kept by what they say."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, Value, When

ACTS = ("warn", "remind", "supervise", "escalate")


def keep(apps, schema_editor):  # type: ignore[no-untyped-def]
    """The n-th rung of the shipped ladder is its n-th act: what is not stronger counts as reached."""
    named = [When(climbed_count=n, then=Value(f"earlier///{act}")) for n, act in enumerate(ACTS, 1)]
    marks = Case(*named, default=Value(f"earlier///{ACTS[-1]}"), output_field=models.TextField())
    cases = apps.get_model("response", "Case").objects.using(schema_editor.connection.alias)
    cases.filter(climbed_count__gt=0, matter__ended_at=None).update(climbed=marks)


class Migration(migrations.Migration):
    dependencies = [("flow", "0006_rungs"), ("response", "0009_transfers_count")]

    operations = [
        migrations.AddField(
            "case",
            "limit_class",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="response.caseclass",
            ),
        ),
        migrations.RenameField("case", "climbed", "climbed_count"),
        migrations.AddField("case", "climbed", models.TextField(blank=True, default="")),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RemoveField("case", "climbed_count"),
    ]
