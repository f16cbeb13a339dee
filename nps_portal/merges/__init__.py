"""Merging: two records of one person found, looked at side by side, and made one.

It reaches through all the rooms that keep something about a Contact.
"""
