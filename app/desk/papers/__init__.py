"""Papers: what they say, and their way to a printer."""
