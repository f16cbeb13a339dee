"""What is asked: a survey's wording by language, its look, its pages and its email.

`wording` holds every text a customer reads, `email` makes the invitation of them. Who is asked,
and when, is the matter of `batches`.
"""
