"""Who opened a link: every visit with what is known of it, and the rules that tell who it was.

A visit is evidence and counts for nothing by itself; what it means for an answer is decided above.
"""
