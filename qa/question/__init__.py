"""What is asked: its kind, what it leans on, its days, its names."""
