"""ReceiptLine documents as printer bytes and pictures. Pure: no device, no clock."""

from .markup import escape
from .model import MarkupError, cells
from .paper import Paper, render

__all__ = ["MarkupError", "Paper", "cells", "escape", "render"]
