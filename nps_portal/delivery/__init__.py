"""How email leaves: the mail server, its lanes, the pace, the journal beside the database."""
