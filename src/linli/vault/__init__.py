"""What residents leave with us: contacts, consent, the record of each reading, erasure; and the keys of the house.

Also here: keys (files and what is done with them); registry (personal fields); consents; names (of readers); slips (codes on paper).
"""
