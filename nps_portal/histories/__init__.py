"""Past answers of another system, with their dates, so that a trend goes on from the first day."""
