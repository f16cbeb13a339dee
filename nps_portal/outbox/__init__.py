"""Every email that must leave, until it has left: contents, messages, claims, and what came back.

`transport` is the door through which it leaves; who sends how fast is the room above, `delivery`.
"""
