"""Who acts together (统筹): duty rosters, campaigns, topics of recurring problems, summons and consultations.

Cases stay in `response`; here a chief calls departments to a place (吹哨), the district and its subdistricts decide what
no single body could (共商), and what comes back again and again gets an owner and measures (源头治理).

`answering` holds what a summoned body owes and when it is late, as plain values.

Pure beside the flows: `clusters` finds places where one class comes again and again, `topic_rules`, `campaign_rules` and
`roster_rules` say what topics, campaigns and duty rosters may hold. `topic_chart` and `campaign_chart` are the geometry
of their drawings, `topic_imports` and `roster_imports` tables in and out.
"""
