"""Each claim against its own cited paragraph."""
