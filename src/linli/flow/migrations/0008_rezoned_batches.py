"""What a change of borders wrote into matters is kept batch by batch, so that it can be taken back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flow", "0007_journal_by_at")]

    operations = [
        migrations.CreateModel(
            name="RezonedBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("packed", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("undone_at", models.DateTimeField(null=True)),
                ("left", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["change", "number"], name="one_batch_per_number")]
            },
        ),
    ]
