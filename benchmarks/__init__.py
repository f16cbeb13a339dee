"""Measured work with peers beside ours in the same run; `README.md` says how to read it."""
