"""Staff: who works here, as what, with which badge."""

from __future__ import annotations

from app.base.refusal import N_
from app.desk.who import people
from app.procedures.running import staff as roster
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/staff", title=N_("Staff"), act="people.manage", order=60)


@screen.reads()
def board() -> Answer:
    return _board()


@screen.reads("/one/<int:staff>")
def one(staff: int) -> Answer:
    return _board(chosen=roster.member(staff))


def _board(chosen: people.Staff | None = None, code: str = "") -> Answer:
    """The list and, beside it, one person; `code` = the one-time code just made, shown this once."""
    return page("running/staff.html#board", everybody=roster.everybody(), chosen=chosen, code=code)


@screen.does("/add", act="people.manage", again="running_staff.board")
def add() -> Answer:
    fields = form()
    made = roster.add(fields.text("name", most=32), fields.values.getlist("roles"), by=me())
    return say(_board(chosen=made), "{name} is on the list. Give them a one-time code now.", name=made.name)


@screen.does("/change/<int:staff>", act="people.manage", again="running_staff.one")
def change(staff: int) -> Answer:
    fields = form()
    changed = roster.change(
        staff,
        roles=fields.values.getlist("roles"),
        active=fields.flag("active"),
        version=fields.whole("version"),
        by=me(),
    )
    return say(_board(chosen=changed), "Changed; it holds from the next page on.")


@screen.does("/reset/<int:staff>", act="people.manage", again="running_staff.one")
def reset(staff: int) -> Answer:
    changed, code = roster.reset(staff, by=me())
    return _board(chosen=changed, code=code)


@screen.does("/badge/<int:staff>", act="people.manage", again="running_staff.one")
def badge(staff: int) -> Answer:
    changed = roster.issue_badge(staff, by=me())
    return say(
        _board(chosen=changed), "Badge {code} is {name}'s. Print its label.", code=changed.badge, name=changed.name
    )


@screen.does("/badge-back/<int:staff>", act="people.manage", again="running_staff.one")
def badge_back(staff: int) -> Answer:
    return say(_board(chosen=roster.withdraw_badge(staff, by=me())), "That badge opens nothing any more.")


@screen.does("/pin/<int:staff>", act="people.manage", again="running_staff.one")
def pin(staff: int) -> Answer:
    changed = roster.set_pin(staff, form().values.get("pin", ""), by=me())
    return say(_board(chosen=changed), "{name} has a new PIN.", name=changed.name)
