"""Given to a person: whether their identity paper was seen, and how they sign for it: by badge, on the pad, on the paper.

Which rule asks for it, and in which words it is refused, is the procedure's.
"""

from __future__ import annotations

from app.base.refusal import N_, Refused
from app.desk.who.people import Actor
from app.desk.work import signatures
from app.desk.work.loan import Holder

WAYS = {"badge": N_("badge"), "pad": N_("on the pad"), "paper": N_("on the paper")}


def require(to: Holder, signed: str, *, unsigned: Refused, unseen: Refused) -> None:
    """Refuse what nobody signed for (a badge signs for a colleague only), and an outsider who has shown no paper."""
    if signed not in WAYS or (signed == "badge" and to.staff is None):
        raise unsigned
    if to.staff is None and not to.checked.strip():
        raise unseen


def sign(kind: str, about: int, who: str, how: str, png: bytes = b"", *, rule: str, by: Actor) -> str:
    """`who` signs for that row of chapter.noun `kind`, on the pad (its picture is kept) or on the paper. Inside a deed."""
    if how not in ("pad", "paper"):
        raise Refused("Choose where the signature is: on the pad or on the paper.", rule=rule)
    if how == "pad":
        signatures.keep(kind, about, who, png, by=by)
    return how
