"""Every email that must leave, until it has left.

The outward side is `mime` (an email as bytes), `transport` (the talk with the mail server, over
`handshake` and `smtp_client`) and `catch_all` (the local mailbox that catches instead of sending).
"""
