from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("response", "0007_time_and_ladder")]

    operations = [
        migrations.AlterField(
            "assist",
            "state",
            models.CharField(
                choices=[
                    ("invited", "请到场认定"),
                    ("asked", "待签收"),
                    ("signed", "办理中"),
                    ("reported", "已反馈"),
                    ("released", "不再需要"),
                ],
                default="asked",
                max_length=12,
            ),
        ),
    ]
