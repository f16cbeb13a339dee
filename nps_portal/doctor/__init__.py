"""Looks at everything that delivery depends on, and says in words what to do about each fault."""
