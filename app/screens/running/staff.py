"""Staff: who works here, as what, with which badge."""

from __future__ import annotations

from app.base.refusal import N_
from app.desk.who import people
from app.procedures.running import staff
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/staff", title=N_("Staff"), act="people.manage", order=60)


@screen.reads()
def board() -> Answer:
    return _board()


@screen.reads("/one/<int:id>")
def one(id: int) -> Answer:
    return _board(chosen=staff.one(id))


def _board(chosen: people.Staff | None = None, code: str = "") -> Answer:
    """The list and, beside it, one person; `code` = the one-time code just made, shown this once."""
    return page("running/staff.html#board", everybody=staff.everybody(), chosen=chosen, code=code)


@screen.does("/add", act="people.manage", again="running_staff.board")
def add() -> Answer:
    fields = form()
    made = staff.add(fields.text("name", most=32), fields.values.getlist("roles"), by=me())
    return say(_board(chosen=made), "{name} is on the list. Give them a one-time code now.", name=made.name)


@screen.does("/change/<int:id>", act="people.manage", again="running_staff.one")
def change(id: int) -> Answer:
    fields = form()
    changed = staff.change(
        id,
        roles=fields.values.getlist("roles"),
        active=fields.flag("active"),
        version=fields.whole("version"),
        by=me(),
    )
    return say(_board(chosen=changed), "Changed; it holds from the next page on.")


@screen.does("/reset/<int:id>", act="people.manage", again="running_staff.one")
def reset(id: int) -> Answer:
    changed, code = staff.reset(id, by=me())
    return _board(chosen=changed, code=code)


@screen.does("/badge/<int:id>", act="people.manage", again="running_staff.one")
def badge(id: int) -> Answer:
    changed = staff.issue_badge(id, by=me())
    return say(
        _board(chosen=changed), "Badge {code} is {name}'s. Print its label.", code=changed.badge, name=changed.name
    )


@screen.does("/badge-back/<int:id>", act="people.manage", again="running_staff.one")
def badge_back(id: int) -> Answer:
    return say(_board(chosen=staff.withdraw_badge(id, by=me())), "That badge opens nothing any more.")


@screen.does("/pin/<int:id>", act="people.manage", again="running_staff.one")
def pin(id: int) -> Answer:
    changed = staff.set_pin(id, form().values.get("pin", ""), by=me())
    return say(_board(chosen=changed), "{name} has a new PIN.", name=changed.name)
