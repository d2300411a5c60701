"""The shell of every page: style, parts, language, refusals as answers, live poll, health. No matter of any kind.

Also here: middleware; refusals (to pages, fragments, JSON); throttle; by_code (pages behind a printed code); limits (how long, how often, with their sources); live (the poll); health, metrics, logs;
statements (SQL built once, for the writes of every report and move); messages (the screen's words and their English), punctuation (how Chinese is written); context, nav, icons, urgency, specimens (what pages are built of);
printing (HTML to PDF) and fonts (the two that paper is printed with, and their licence).
"""
