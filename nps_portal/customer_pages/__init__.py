"""What a customer meets: the survey page, the thank-you, unsubscribing, and the other doors.

Nothing here needs a sign-in, a cookie or a script; a token in the address is the authority.
"""
