"""The shell of every page: style, parts, language, refusals as answers, live poll, health. No matter of any kind.

Also here: middleware; refusals (to pages, fragments, JSON); throttle; live (the poll); health, metrics, logs;
messages (the screen's words and their English), punctuation (how Chinese is written); context, nav, icons, urgency, specimens (what pages are built of).
"""
