"""The clockwork: which duties there are, and the loop that wakes them.

The database holds the truth; a duty claims rows, so any number of workers may run side by side.
"""
