"""Cases: the response chain from report to call-back. The first professional system; later ones copy its shape.

Also here: steps (what each verb adds to a move), step_fields (what each verb asks), receipts (their codes), ladder (预警、催办、督办、提级),
ladder_many (the same for thousands of cases at once),
catalogue (classes), class_rules (what a class, a limit, a rung may say), call_rules (when and how often one may telephone), deadlines (limits), time_rules (how often and how long time is granted), texts (the field's words, the residents' words), notices (what a notice for
everybody may not hold),
board (reads of many cases at once for command pages and the inbox), picture (the open cases as a process keeps them
for its boards), routing (ordered rules: who answers for a case),
case_links (what other rooms hang on the page of a case),
imports (tables that are taken in through exchange), type_imports (the same for matter types), sheet_imports (for stage limits and the ladder),
type_forms (a matter type as a form).
"""
