"""Doors and interfaces for other programs."""
