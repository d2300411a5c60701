"""Journal lines are found by their moment: what happened on a day, over all matters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flow", "0006_rungs")]

    operations = [
        migrations.AddIndex(model_name="journal", index=models.Index(fields=["at"], name="journal_by_at")),
    ]
