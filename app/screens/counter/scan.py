"""A scan that was heard on any page goes to the screen that knows its kind (`@screen.scans`)."""

from __future__ import annotations

from flask import current_app, g, make_response, render_template

from app.base.refusal import N_, Refused
from app.desk.record import numbering
from app.desk.who import people
from app.web import Answer, Scanned, Screen, form, go, here, me

screen = Screen("counter/scan", title=N_("Scan"), menu=False)


@screen.does("/read", act="desk.see")
def read() -> Answer:
    """The page that asks is asked first, then the others in the order of the menu, then the desk's own habits."""
    text = form().text("code", most=64).rpartition("/")[2]  # a slip's square code holds the gate page's address
    found = numbering.read_code(text)
    if found is None:
        raise Refused("“{code}” is no label of ours. Scan it again, or type its number.", code=text[:24])
    scanned = Scanned(*found, text)
    for each in sorted(current_app.extensions["screens"], key=lambda each: not here(each)):
        if scanned.kind in each.scanners:
            act, scanner = each.scanners[scanned.kind]
            if scanned.kind == "badge" and not people.may(me(), act):
                continue  # it still switches the user
            g.actor = people.require(me(), act)
            answer = scanner(scanned)
            if answer is not None:
                return _placed(answer, each)
    if scanned.kind == "badge":
        return _who(scanned)
    return go("homes_lookup.find", q=text)


def _placed(answer: Answer, owner: Screen) -> Answer:
    """On the owner's own page its board is renewed; on another page only the notice shows, and a half-typed form stays."""
    answer = make_response(answer)
    if "HX-Redirect" in answer.headers or answer.status_code >= 300:
        return answer
    if here(owner):
        answer.headers.setdefault("HX-Retarget", "#board")
        answer.headers.setdefault("HX-Reswap", "outerHTML")
    else:
        answer.set_data("")
        answer.headers["HX-Reswap"] = "none"
    return answer


def _who(scanned: Scanned) -> Answer:
    """A badge nobody waits for switches the user: the PIN first (design.md 9)."""
    answer = make_response(render_template("running/sign_in_dialog.html", kind="badge", name=scanned.code))
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return answer
