from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("flow", "0004_draft_types")]

    operations = [
        migrations.AddIndex(
            "matter",
            models.Index(
                fields=["post_kind", "due_at"], condition=Q(ended_at=None) & ~Q(post_kind=""), name="open_by_post"
            ),
        ),
    ]
