"""How passwords are kept: argon2id at OWASP's first recommendation (19 MiB, two passes, one lane).

Django's own default asks for 100 MiB and eight lanes: on a small office machine a dozen people signing in at nine
would stop everyone else's work.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
