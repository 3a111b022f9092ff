"""Articles to the index, and back."""
