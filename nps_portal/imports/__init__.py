"""Contacts out of other systems' files: bytes to rows, rows to drafts or rejections, each with
its line and its reason. A file's content decides what it is; nothing is guessed about a person.
"""
