"""Lists from Excel into the books: looked at first, every problem by its cell; then all of it or nothing."""

from app.procedures.running.imports.checking import Report
from app.procedures.running.imports.files import Book, read
from app.procedures.running.imports.writing import COUNTED, Imported, check, counts, earlier, in_books, write

__all__ = ["COUNTED", "Book", "Imported", "Report", "check", "counts", "earlier", "in_books", "read", "write"]
