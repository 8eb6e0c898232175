"""Flask's edge. A route is parse, deed, show; what a screen needs for that is here.

Around it: the frame of every page (frame), the guards at the door (guards), the one place where a no is shown (refusing).
"""

from app.web.answers import Answer, back, go, local, page, part, say, t, trigger, typed, wants_fragment, worded
from app.web.asking import Clerk, customer, keys, may, me, whose
from app.web.fields import Form, form
from app.web.rows import row
from app.web.screen import CHAPTERS, Line, Scanned, Screen, here

__all__ = [
    "CHAPTERS",
    "Answer",
    "Clerk",
    "Form",
    "Line",
    "Scanned",
    "Screen",
    "back",
    "customer",
    "form",
    "go",
    "here",
    "keys",
    "local",
    "may",
    "me",
    "page",
    "part",
    "row",
    "say",
    "t",
    "trigger",
    "typed",
    "wants_fragment",
    "whose",
    "worded",
]
