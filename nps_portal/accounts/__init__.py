"""The people who may use the portal: users and their roles, sessions, and what an owner has set.

Stored settings live here because they belong to the account; the environment wins over them.
"""
