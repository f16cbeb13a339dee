"""The ground floor: what every room stands on and nobody's business in particular.

Clock, database, unit of work, errors, tokens, addresses, merge fields and the templates' filters.
"""
