"""What residents see: report, follow, find; no account. It owns pages and no tables of matters.

Also here: near (marks that do not hide each other, and what is known already where somebody reports), drawing (a circle
on foot for paper), hours (opening hours in words).
"""
