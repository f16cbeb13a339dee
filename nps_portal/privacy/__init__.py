"""What a person may ask of us: what we know of them, a pause, and to be erased.

It reaches through all the rooms that know something of a person; only the numbers stay.
"""
