"""What comes back: reading the inbox and the providers' hooks, and acting on each report."""
