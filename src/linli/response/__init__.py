"""Cases: the response chain from report to call-back. The first professional system; later ones copy its shape.

Also here: catalogue (classes), deadlines (limits), texts (the field's words, the residents' words),
board (reads of many cases at once for command pages and the inbox).
"""
