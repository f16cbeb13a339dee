"""Segments: saved filters over contacts, and whom they find now."""
