"""Companies as clients: who answers for them, how they score, what an average would hide.

The tables belong to the contacts; here is what their answers add up to, and the pages.
"""
