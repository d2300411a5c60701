"""Long work with progress, cancel and an end: on django-tasks' database backend. Not the outbox relay."""
