"""Who is asked when: one gate for every path, batches, and one Invitation a person and batch."""
