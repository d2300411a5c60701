"""Pages of this room: one query, one action, one template each."""
