"""Water cards: layouts, keys, records, the next step, and what is done with a card on a reader. Knows no app."""
