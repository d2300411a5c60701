from django.db import migrations, models
from django.db.models import Exists, OuterRef


def mark_changed(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Cases that had a pause or an extension before this column was there."""
    alias = schema_editor.connection.alias
    change = apps.get_model("response", "TimeChange")
    granted = change.objects.using(alias).filter(
        case=OuterRef("pk"), state="granted", starts_at__gte=OuterRef("counted_from")
    )
    apps.get_model("response", "Case").objects.using(alias).filter(Exists(granted)).update(time_changed=True)


class Migration(migrations.Migration):
    dependencies = [("response", "0006_call_leases")]

    operations = [
        migrations.AddField("case", "climbed", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("case", "climbed_for", models.DateTimeField(null=True)),
        migrations.AddField("case", "reminded", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("case", "supervised", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("case", "time_changed", models.BooleanField(default=False)),
        migrations.AddField("case", "warned_for", models.DateTimeField(null=True)),
        migrations.AlterField(
            "timechange",
            "state",
            models.CharField(
                choices=[("asked", "待审批"), ("granted", "已同意"), ("refused", "未同意"), ("dropped", "已作废")],
                default="asked",
                max_length=12,
            ),
        ),
        migrations.RunPython(mark_changed, migrations.RunPython.noop),
    ]
