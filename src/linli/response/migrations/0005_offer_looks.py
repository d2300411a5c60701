"""Since when a limit ran before an offer; which bodies have opened an offer."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0002_society"),
        ("response", "0004_type_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="counted_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="OfferLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("looked_at", models.DateTimeField()),
                (
                    "body",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.body",
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="looks",
                        to="response.offer",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("offer", "body"), name="one_look_per_body")],
            },
        ),
    ]
