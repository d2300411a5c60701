"""Text of staff to typed values, by what it serves."""
