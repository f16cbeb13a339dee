"""Sending a batch, ours and the peers; `README.md` beside this folder says how to read it."""
