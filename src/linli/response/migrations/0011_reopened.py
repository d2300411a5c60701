"""The few cases that were ever reopened are found without a look at all others."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("response", "0010_limit_class_and_marks")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["matter"], condition=Q(reopen_count__gt=0), name="case_reopened"),
        ),
    ]
