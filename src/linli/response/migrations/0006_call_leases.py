"""Who has a case on the telephone; what a call ended with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("response", "0005_offer_looks"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallLease",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="call_lease",
                        serialize=False,
                        to="response.case",
                    ),
                ),
                ("by", models.CharField(max_length=40, unique=True)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="callattempt",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("solved", "已解决"),
                    ("explained", "未能解决，已说明原因"),
                    ("unreached", "未联系上"),
                    ("refused", "不愿评价"),
                    ("no_contact", "没有留联系方式"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("solved", "已解决"),
                    ("explained", "未能解决，已说明原因"),
                    ("unreached", "未联系上"),
                    ("refused", "不愿评价"),
                    ("no_contact", "没有留联系方式"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="callattempt",
            index=models.Index(fields=["by", "at"], name="call_by_shift"),
        ),
    ]
