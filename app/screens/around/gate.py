"""The guard's page, for a phone or a tablet: what a slip lets out now, and what has left. No phones, no IDs."""

from __future__ import annotations

from flask import abort, request, url_for

from app import web
from app.base.refusal import N_
from app.procedures.around import gate
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips import Exit, Slip
from app.web import Answer, Scanned, Screen, form, go, me, page, say

screen = Screen("around/gate", title=N_("Gate"), act="gate.see", order=40)


@screen.reads()
def board() -> Answer:
    """`?q=` what was typed or scanned."""
    typed = request.args.get("q", "").strip()
    if not typed:
        return _show(None, "")
    found = slips.find(typed)
    return go("around_gate.slip", code=found.code) if found else _show(None, typed)


@screen.reads("/slip/<code>")
def slip(code: str) -> Answer:
    return _show(slips.find(code), code)


def _show(found: Slip | None, typed: str) -> Answer:
    return page(
        "around/gate.html#board",
        sheet=slips.sheet(found.id, by=me()) if found else None,
        code=found.code if found else "",
        typed_code=typed[:32],
        stops=gate.recent(),
    )


@screen.does("/slip/<code>/out", act="gate.release", again="around_gate.slip")
def out(code: str) -> Answer:
    """Goods leave: the numbers typed, or everything that was shown as left."""
    fields, found = form(), slips.find(code) or abort(404)
    field = "left" if fields.flag("all") else "out"
    things = slips.sheet(found.id, by=me()).things
    slips.let_out(
        found,
        {thing.id: fields.whole(f"{field}_{thing.id}", most=9999, need=False) for thing in things},
        plate=fields.text("plate", most=16, need=False),
        by=me(),
    )
    return say(_show(found, code), N_("Let out."))


@screen.does("/slip/<code>/undo", act="gate.release", again="around_gate.slip")
def undo(code: str) -> Answer:
    found = slips.find(code) or abort(404)
    row = web.row(Exit, form().whole("passage"), slip=found)
    slips.undo(row, by=me())
    return say(_show(found, code), N_("Undone: these goods are still inside."), kind="note")


@screen.does("/stop", act="gate.release", again="around_gate.board")
def stop() -> Answer:
    """No valid slip: the goods stay, the superior is asked."""
    fields = form()
    gate.stop(
        fields.text("what", most=500, need=False),
        plate=fields.text("plate", most=16, need=False),
        why=fields.text("why", need=False),
        by=me(),
    )
    return say(_show(None, ""), N_("Written down; the supervisor is asked."), kind="note")


@screen.does("/decide", act="gate.decide", again="around_gate.board")
def decide() -> Answer:
    fields = form()
    row = web.row(gate.Stop, fields.whole("stop"))
    gate.decide(row, let_out=fields.flag("let_out"), remark=fields.text("remark", most=500, need=False), by=me())
    return say(_show(None, ""), N_("Decided; the guard sees it on this page."))


@screen.shows_due
def _due(_about: int) -> str:
    return url_for("around_gate.board")


@screen.scans("release")
def scanned(code: Scanned) -> Answer | None:
    """A slip is scanned by the gate: on its own page, or by somebody whom the desk's page is not for."""
    return go("around_gate.slip", code=code.code)


# The address in a slip's QR: short, so that the code is coarse enough for any camera.
screen.record_once(
    lambda state: state.app.add_url_rule(
        "/g/<code>", endpoint="around_gate.short", view_func=state.app.view_functions["around_gate.slip"]
    )
)
