"""Pages of response: desk, list, case, field, settings. Load through queries, one action, render; no models here."""
