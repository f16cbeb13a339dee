"""An email as bytes, its signature, and the talk with a mail server; for whom is not known here."""
