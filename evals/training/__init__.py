"""The mixture that the reader and the checker are trained on."""
