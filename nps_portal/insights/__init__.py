"""What the answers add up to: scores with their margins, charts, comparisons and themes.

This room reads what customers answered and says what can honestly be concluded from it. It writes
nothing that cannot be rebuilt from the answers. Arithmetic (`estimates`) and geometry (`charts`)
are pure, so that a figure and its picture can be checked without a database or a browser.
"""
