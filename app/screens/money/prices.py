"""The price list of one-off items; the supervisor keeps it."""

from __future__ import annotations

from app.base import clock
from app.base.refusal import N_
from app.desk.accounts import prices
from app.web import Answer, Screen, form, go, me, page, say, wants_fragment

screen = Screen("money/prices", title=N_("Price list"), act="prices.see", order=70)


@screen.reads()
def board() -> Answer:
    return page(
        "money/prices.html#board",
        items=prices.listing(),
        coming=prices.coming(),
        points=prices.POINTS,
        today=clock.today(),
    )


@screen.does("/change", act="prices.change", again="money_prices.board")
def change() -> Answer:
    fields = form()
    prices.change(
        fields.text("item"),
        fen=fields.fen("fen", need=False) or None,
        point=fields.choice("point", prices.POINTS),
        copies=fields.whole("copies", least=2, most=3),
        since=fields.day("since") or clock.today(),
        by=me(),
    )
    return say(board() if wants_fragment() else go("money_prices.board"), N_("The price list is changed."))
