"""What they said: the survey page, every opening of it, and the inbox of responses.

A visit is evidence and counts for nothing; only a submitted answer makes a Response.
"""
