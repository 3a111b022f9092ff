"""Words, numbers, dates and names in a text."""
