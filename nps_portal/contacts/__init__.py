"""The people who may be asked: contacts, their companies, and the addresses to leave alone.

A suppression belongs to an address, not to a contact: it survives import, edit and removal.
"""
