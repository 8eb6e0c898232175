"""The manual's rules as this program holds them: what a refusal cites is one link away."""

from __future__ import annotations

from flask import abort

from app.base.refusal import N_
from app.desk.record import manual
from app.web import Answer, Screen, page

screen = Screen("running/manual", title=N_("Manual"), act="desk.see", order=90)


@screen.reads()
def board() -> Answer:
    return page("running/manual.html#board", sections=_by_section(), chosen=None)


@screen.reads("/<rule>")
def text(rule: str) -> Answer:
    """One rule, in its section."""
    chosen = manual.rules().get(rule)
    if chosen is None:
        abort(404)
    return page("running/manual.html#board", sections=_by_section(chosen.section), chosen=chosen)


def _by_section(only: str | None = None) -> list[tuple[manual.Section, list[manual.Rule]]]:
    held = list(manual.rules().values())
    found = [(section, [rule for rule in held if rule.section == section.code]) for section in manual.sections()]
    return [(section, rules) for section, rules in found if rules and only in (None, section.code)]
