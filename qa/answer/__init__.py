"""Evidence to an answer: ranked, drafted, compared."""
