"""Goods release slips (物品放行条), GOODS-1..9: no goods leave without the owner's will. The verbs of its modules."""

from app.procedures.counter.release_slips.detail import Sheet, sheet
from app.procedures.counter.release_slips.facts import COPIES
from app.procedures.counter.release_slips.gate import find, left_of, let_out, take_back_copy, undo
from app.procedures.counter.release_slips.issue import Applicant, Consent, make, seal
from app.procedures.counter.release_slips.items import UNITS, Line, read
from app.procedures.counter.release_slips.later import cancel, owner_signed, reprint
from app.procedures.counter.release_slips.lists import SHOWS, STATES, awaited, of_unit, register
from app.procedures.counter.release_slips.tables import APPLICANTS, CATEGORIES, KIND, Exit, Slip

__all__ = [
    "APPLICANTS",
    "CATEGORIES",
    "COPIES",
    "KIND",
    "SHOWS",
    "STATES",
    "UNITS",
    "Applicant",
    "Consent",
    "Exit",
    "Line",
    "Sheet",
    "Slip",
    "awaited",
    "cancel",
    "find",
    "left_of",
    "let_out",
    "make",
    "of_unit",
    "owner_signed",
    "read",
    "register",
    "reprint",
    "seal",
    "sheet",
    "take_back_copy",
    "undo",
]
