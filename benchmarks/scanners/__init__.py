"""The scanner bench: machines and people on the links of real emails, and what is counted of them.

Each persona is a way to behave that was seen in the wild; the page of answers says which is to
count. The bench fails where a machine counts, or a person does not.
"""
