"""Money in the books: double entry, what is owed, prices, receipts."""
