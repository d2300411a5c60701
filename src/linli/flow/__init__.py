"""Matters of any kind: their moves, their journal, what others hear of them. Knows no kind by name.

Also here: chain (hashes), relay (the outbox's one order), seals (the daily proof),
sealing (the personal part of a line, sealed to its place),
retime (new due times for all open matters, without a line for each),
rezone (new areas for open and ended matters when borders move, and back; placed reads where they lie, batches keeps
what was written), writing (parts of such work written beside),
statements (the hot INSERTs and swaps, their SQL built once; the systems' own tables use them too).
"""
