from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("coordination", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="summonskind", name="summons_limit_positive"),
        migrations.AddField(
            model_name="summonskind", name="earliest_minutes", field=models.PositiveIntegerField(default=10)
        ),
        migrations.AddField(
            model_name="summonskind", name="latest_days", field=models.PositiveSmallIntegerField(default=30)
        ),
        migrations.AddField(
            model_name="summonskind", name="judge_days", field=models.PositiveSmallIntegerField(default=2)
        ),
        migrations.AddConstraint(
            model_name="summonskind",
            constraint=models.CheckConstraint(
                condition=Q(amount__gt=0, latest_days__gt=0, judge_days__gt=0), name="summons_limit_positive"
            ),
        ),
    ]
