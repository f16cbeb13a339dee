"""Who got what: every email with its fate, sending again, and the desk for what came back."""
