"""What is promised, lent, approved and signed."""
