"""A matter keeps which rungs of the ladder it reached instead of how many, so that the ladder may change under it."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Case, Value, When

ACTS = ("warn", "remind", "supervise", "escalate")


def marks(column: str) -> Case:
    """The n-th rung of the shipped ladder is its n-th act: what is not stronger counts as reached."""
    named = [When(**{column: n}, then=Value(f"earlier///{act}")) for n, act in enumerate(ACTS, 1)]
    return Case(*named, default=Value(f"earlier///{ACTS[-1]}"), output_field=models.TextField())


def keep(apps, schema_editor):  # type: ignore[no-untyped-def]
    matters = apps.get_model("flow", "Matter").objects.using(schema_editor.connection.alias)
    matters.filter(rung__gt=0, ended_at=None).update(rungs=marks("rung"))


class Migration(migrations.Migration):
    dependencies = [("flow", "0005_open_by_post")]

    operations = [
        migrations.AddField("matter", "rungs", models.TextField(blank=True, default="")),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RemoveField("matter", "rung"),
    ]
