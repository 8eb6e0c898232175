"""Options: what the supervisor may set, from which day on. The old value stays in the books."""

from __future__ import annotations

import re
from typing import Any

from app.base import clock
from app.base.refusal import N_, Refused
from app.desk.record import options
from app.web import Answer, Screen, form, me, page, say, t

screen = Screen("running/options", title=N_("Options"), act="options.see", order=80)


@screen.reads()
def board() -> Answer:
    return _board()


@screen.reads("/one/<option>")
def one(option: str) -> Answer:
    return _board(_known(option))


def _board(chosen: str = "") -> Answer:
    rows = [(name, option, shown(options.get(name))) for name, option in sorted(options.OPTIONS.items())]
    return page(
        "running/options.html#board",
        rows=rows,
        chosen=chosen,
        chosen_option=options.OPTIONS.get(chosen),
        value=shown(options.get(chosen)) if chosen else "",
        history=[(row.since, shown(row.value)) for row in options.history(chosen)] if chosen else [],
        today=clock.today(),
    )


@screen.does("/change/<option>", act="options.change", again="running_options.one")
def change(option: str) -> Answer:
    fields = form()
    value = read(options.OPTIONS[_known(option)], fields.text("value", most=500, need=False))
    options.change(option, value, since=fields.day("since") or clock.today(), by=me())
    return say(_board(option), "Set. The value before stays in the books.")


def _known(name: str) -> str:
    if name not in options.OPTIONS:
        raise Refused("There is no such option. Open the list anew.")
    return name


def shown(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, tuple)):
        return "、".join(str(each) for each in value)
    return str(value)


def read(option: options.Option, text: str) -> Any:
    """What was typed, as the option's type; Refused in words."""
    kind = type(option.default)
    if option.choices and kind is not list:
        for choice in option.choices:
            if shown(choice) == text:
                return choice
        raise Refused("Choose one of the offered values in the marked field.", field="value")
    if kind is bool:
        return text in ("1", "on", "true", t("Yes"))
    if kind is int:
        return _whole(text)
    if kind in (list, tuple):
        parts = [part.strip() for part in text.replace(",", "、").replace("，", "、").split("、") if part.strip()]
        return [_whole(part) for part in parts] if all(isinstance(each, int) for each in option.default) else parts
    if not text:
        raise Refused("Please fill in the marked field.", field="value")
    return text


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise Refused("“{text}” is not a whole number.", field="value", text=text)
    return int(text)
