"""Uploads that were checked, kept under random names and shown to whoever may see their subject.

Also here: images (what a picture may be), intake (taking one in), store (where it lies).
"""
