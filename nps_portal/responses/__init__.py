"""What they said: responses with their revisions, how each came, and the inbox of them.

Only a submitted answer makes a Response that counts at once; a click is shown beside it.
"""
