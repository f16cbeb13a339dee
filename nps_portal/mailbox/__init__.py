"""The mailbox of this machine, which catches every email while no mail server is set."""
