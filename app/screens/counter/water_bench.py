"""The demo's hands: lay simulated cards on the reader, put them into simulated meters, make things go wrong.

Its forms stand on the water page, and only where the devices are simulated in this process.
"""

from __future__ import annotations

from typing import Any

from flask import abort, current_app

from app.base.refusal import N_, Refused
from app.procedures.counter import water_cards as water
from app.web import Answer, Screen, form, go, say

screen = Screen("counter/water_bench", title=N_("Water bench"), menu=False, act="water.see", order=31)
SAID = {
    "credited": N_("The meter has taken the water."),
    "nothing new": N_("The meter found nothing new on the card."),
    "unreadable": N_("The meter cannot read this card."),
    "another meter's card": N_("The meter says: another meter's card."),
    "replaced card": N_("The meter says: this card was replaced."),
    "out of sequence": N_("The meter says: a sale is missing."),
    "too much": N_("The meter says: more than it may hold."),
}


def _there() -> Any:
    return getattr(current_app.extensions["devices"], "water_bench", None) or abort(404)


@screen.does("/card/<act>", act="water.sell", again="counter_water_cards.board")
def card(act: str) -> Answer:
    """Lay, add (a second one), copy, image, roll_back, damage the card `uid`; new and take_off need none."""
    there, uid = _there(), form().text("uid", need=False)
    hands = {
        "lay": lambda: there.lay(uid),
        "add": lambda: there.add(uid),
        "copy": lambda: there.lay(there.copy(uid)),
        "image": lambda: there.keep_image(uid),
        "roll_back": lambda: there.roll_back(uid),
        "damage": lambda: there.damage(uid),
        "new": lambda: there.lay(there.new()),
        "take_off": there.take_off,
    }
    try:
        hands[act]()
    except KeyError:
        raise Refused("There is no such card on the bench.") from None
    return _back(N_("Done on the bench."))


@screen.does("/insert", act="water.sell", again="counter_water_cards.board")
def insert() -> Answer:
    """Put a card into its meter's slot."""
    there, fields = _there(), form()
    try:
        said = there.insert(fields.text("uid"), fields.text("meter"), water.layout(), water.secret())
    except KeyError:
        raise Refused("There is no such card on the bench.") from None
    return _back(SAID[said], kind="ok" if said in {"credited", "nothing new"} else "note")


@screen.does("/use", act="water.sell", again="counter_water_cards.board")
def use() -> Answer:
    """Let water run; the meter shuts off at two tonnes."""
    fields = form()
    volume = water.of_text(fields.text("volume"), field="volume")
    ran = _there().use(fields.text("meter"), volume, water.layout(), water.secret())
    return _back(N_("{ran} t ran through the meter."), ran=water.tonnes(ran))


@screen.does("/fault", act="water.sell", again="counter_water_cards.board")
def fault() -> Answer:
    """The next write goes wrong in that way; an empty name mends everything."""
    there, name = _there(), form().text("fault", need=False)
    if name:
        there.fault(name)
    else:
        there.mend()
    return _back(N_("Done on the bench."))


def _back(msgid: str, /, **values: str) -> Answer:
    return say(go("counter_water_cards.board"), msgid, **values)
