"""Matters of any kind: their moves, their journal, what others hear of them. Knows no kind by name.

Also here: chain (hashes), relay (the outbox's one order), seals (the daily proof),
sealing (the personal part of a line, sealed to its place),
retime (new due times for all open matters, without a line for each),
statements (the hot INSERTs and swaps, their SQL built once; the systems' own tables use them too).
"""
