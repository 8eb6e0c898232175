"""Lists from Excel into the books: looked at first, every problem by its cell; then all of it or nothing."""
