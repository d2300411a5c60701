"""Answers to what people ask: articles with a source, an owner, a review date, and the search over them. No cases here.

Also here: markup (the tiny mark-up of an answer), grams (which characters stand together in which article), search
(ranking over them), marks (what of a text was looked for), shelf (the published articles as a process keeps them),
table (articles as CSV), imports (the same through exchange).
"""
