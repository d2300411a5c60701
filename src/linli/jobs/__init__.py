"""Long work with progress, cancel and an end: on django-tasks' database backend. Not the outbox relay.

Also here: registry (kinds of jobs), runner (one job's run), worker (the loop).
"""
