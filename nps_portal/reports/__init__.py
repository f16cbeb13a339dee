"""What comes back by email: bytes in, a Report out; delivery reports, complaints, auto-replies."""
