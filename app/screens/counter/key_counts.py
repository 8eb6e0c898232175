"""Counting the key boxes (清点): scan what hangs there, then explain what the book says otherwise."""

from __future__ import annotations

from flask import url_for

from app import web
from app.base.refusal import N_
from app.desk.work.loan import Loan
from app.procedures.counter.keys import after, counts, overview, register, schedule
from app.procedures.counter.keys.counts import Count
from app.web import Answer, Screen, form, go, me, page, say

screen = Screen("counter/key_counts", title=N_("Key count"), act="keys.count", order=42, menu=False)


@screen.shows_due
def due_url(_box: int) -> str:
    return url_for("counter_key_counts.board")


@screen.reads()
def board() -> Answer:
    return page(
        "counter/key_counts.html#board",
        going_on=counts.going_on(),
        latest=[(count, counts.explained(count)) for count in counts.latest()],
        boxes=schedule.BOXES,
        times=schedule.TIMES,
        words=counts.WORDS,
        shift=schedule.shift_now(),
        unread=counts.unread(),
    )


@screen.does("/begin", act="keys.count", again="counter_key_counts.board")
def begin() -> Answer:
    fields = form()
    count = counts.begin(fields.choice("store", schedule.BOXES), shift=fields.choice("shift", schedule.TIMES), by=me())
    return go("counter_key_counts.one", count=count.id)


@screen.reads("/<int:count>")
def one(count: int) -> Answer:
    """Counted before expected (counter.md 13): the book's figure is not shown while keys are being scanned."""
    return _one(_count(count))


def _one(count: Count, *, compared: bool = False) -> Answer:
    expected, found = counts.differences(count) if compared and not count.ended else (0, [])
    return page(
        "counter/key_count.html#board",
        count=count,
        scans=counts.scans(count),
        compared=compared,
        expected=expected,
        differences=found,
        explained=counts.explained(count) if count.ended else [],
        outstanding=overview.outstanding() if count.shift == "evening" and not count.ended else [],
        boxes=schedule.BOXES,
        times=schedule.TIMES,
        words=counts.WORDS,
    )


@screen.reads("/<int:count>/compare")
def compare(count: int) -> Answer:
    """All is scanned: what disagrees with the book, to be explained."""
    return _one(_count(count), compared=True)


@screen.does("/<int:count>/scan", act="keys.count", again="counter_key_counts.one")
def scan(count: int) -> Answer:
    """A number typed by hand, where a label cannot be read."""
    counts.scan(_count(count), form().text("code"), by=me())
    return _one(_count(count))


@screen.does("/<int:count>/tell", act="keys.lend", again="counter_key_counts.one")
def tell(count: int) -> Answer:
    """Whoever has not brought a key back was told to (KEY-6)."""
    there = web.row(Loan, form().whole("loan"), kind=register.KIND)
    after.tell(there, by=me())
    return _one(_count(count))


@screen.does("/<int:count>/sign", act="keys.count", again="counter_key_counts.compare")
def sign(count: int) -> Answer:
    fields = form()
    remarks = {name: value for name, value in fields.values.items() if "-" in name}
    done = counts.sign_off(_count(count), remarks=remarks, by=me())
    message = N_("Signed: {counted} counted, {expected} expected.")
    return say(go("counter_key_counts.board"), message, counted=done.counted, expected=done.expected)


@screen.does("/<int:count>/drop", act="keys.count", again="counter_key_counts.one")
def drop(count: int) -> Answer:
    counts.drop(_count(count), by=me())
    return say(go("counter_key_counts.board"), N_("The count was dropped: it is still due."), kind="note")


@screen.does("/read", act="keys.manage", again="counter_key_counts.board")
def read() -> Answer:
    counts.differences_read(form().choice("store", schedule.BOXES), by=me())
    return say(board(), N_("The explanations were read."))


def _count(count: int) -> Count:
    return web.row(Count, count)
