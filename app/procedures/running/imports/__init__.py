"""Lists from Excel into the books: looked at first, every problem by its cell; then all of it or nothing."""

from app.procedures.running.imports.checking import Report
from app.procedures.running.imports.command import command
from app.procedures.running.imports.files import Book, read
from app.procedures.running.imports.writing import Imported, check, counts, write

__all__ = ["Book", "Imported", "Report", "check", "command", "counts", "read", "write"]
