"""A screen: one page of the menu with its routes, found by its file name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, request

from app.base.refusal import N_
from app.desk.homes.households import Unit
from app.desk.homes.lookup import Hit
from app.desk.who import people
from app.web.answers import Answer
from app.web.asking import me

View = Callable[..., Answer]

# The chapters of the menu, in order; a screen says to which it belongs.
CHAPTERS = {
    "counter": N_("Counter"),
    "books": N_("Books"),
    "money": N_("Money"),
    "homes": N_("Homes"),
    "around": N_("Services"),
    "running": N_("Running the desk"),
}


@dataclass(frozen=True)
class Scanned:
    """A code of ours that was read somewhere on a page: `kind` as numbering knows it, its year and number, its 14 digits."""

    kind: str
    year: int
    n: int
    code: str


@dataclass(frozen=True)
class Line:
    """One line of a section of the household's page."""

    text: str
    state: str = ""
    url: str = ""


class Screen(Blueprint):
    """One page of the menu with its routes, found by file name: `app/screens/<chapter>/<noun>.py` has a `screen`."""

    def __init__(
        self, name: str, *, title: str, key: str = "", menu: bool = True, act: str = "desk.see", order: int = 50
    ) -> None:
        """`name` is `chapter/noun` (also the URL), `title` an English msgid, `key` its function key, `act` who sees it."""
        self.chapter, self.noun = name.split("/")
        super().__init__(name.replace("/", "_"), __name__, url_prefix=f"/{name}")
        self.title, self.key, self.menu, self.act, self.order = title, key, menu, act, order
        self.badge: Callable[[], int] | None = None
        self.scanners: dict[str, tuple[str, Callable[[Scanned], Answer | None]]] = {}
        self.due_url: Callable[[int], str] | None = None
        self.offer: tuple[str, str] | None = None
        self.sections: list[tuple[str, Callable[[Unit], Iterable[Line]]]] = []
        self.links: dict[str, Callable[[Hit], str]] = {}
        self.keys: list[tuple[str, str, str]] = []  # further function keys: (key, title msgid, endpoint)
        self.finds = ""  # set to an endpoint (`homes_lookup.find`) by the screen behind the box: GET with ?q=

    def counts(self, count: Callable[[], int]) -> Callable[[], int]:
        """`@screen.counts`: the live number behind this page's name in the menu (one indexed count; 0 shows nothing)."""
        self.badge = count
        return count

    def scans(self, *kinds: str, act: str | None = None) -> Callable[[View], View]:
        """`@screen.scans("key", act="keys.lend")`: what a scan of that kind does, whatever page it was heard on.

        The function takes a Scanned and gives an Answer: its own board where `here(screen)`; a `go(...)` to show another
        page; or anything with `say(...)`: on other pages only the notice is shown and a half-typed form stays.
        None = not mine now: the next screen, or the desk's own habit (a badge switches the user), has it.
        """

        def wrap(view: View) -> View:
            self.scanners.update(dict.fromkeys(kinds, (act or self.act, view)))
            return view

        return wrap

    def shows_due(self, url: Callable[[int], str]) -> Callable[[int], str]:
        """`@screen.shows_due`: the address where the promise about that row is dealt with (default: the page, ?due=ID)."""
        self.due_url = url
        return url

    def offers(self, label: str, query: str) -> None:
        """The household's page has a button for this screen; `query` takes {id} and {label} of the unit."""
        self.offer = label, query

    def holds(self, title: str) -> Callable[[Callable[[Unit], Iterable[Line]]], Callable[[Unit], Iterable[Line]]]:
        """`@screen.holds(N_("Water cards"))`: what this screen has of a household, newest first, by bounded reads."""

        def wrap(lines: Callable[[Unit], Iterable[Line]]) -> Callable[[Unit], Iterable[Line]]:
            self.sections.append((title, lines))
            return lines

        return wrap

    def leads(self, kind: str) -> Callable[[Callable[[Hit], str]], Callable[[Hit], str]]:
        """`@screen.leads("release")`: the address of what the box has found of that kind."""

        def wrap(url: Callable[[Hit], str]) -> Callable[[Hit], str]:
            self.links[kind] = url
            return url

        return wrap

    @property
    def home(self) -> str:
        return f"{self.url_prefix}/"

    def reads(self, rule: str = "/", *, act: str | None = None, anybody: bool = False) -> Callable[[View], View]:
        """A GET route: shows, changes nothing (promise P14)."""
        return self._route(rule, "GET", act or self.act, anybody=anybody, again=None)

    def does(self, rule: str, *, act: str, anybody: bool = False, again: str | None = None) -> Callable[[View], View]:
        """A POST route: one deed. `again` = the view to show anew, with what was typed, when it is refused without htmx."""
        return self._route(rule, "POST", act, anybody=anybody, again=again)

    def _route(self, rule: str, method: str, act: str, *, anybody: bool, again: str | None) -> Callable[[View], View]:
        def wrap(view: View) -> View:
            @functools.wraps(view)
            def run(*args: Any, **kwargs: Any) -> Answer:
                if not anybody:
                    g.actor = people.require(me(), act)
                return view(*args, **kwargs)

            run.act, run.again = (None if anybody else act), again  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=view.__name__, view_func=run, methods=[method])
            return run

        return wrap


def here(screen: Screen) -> bool:
    """Whether the page that asks is one of that screen."""
    return urlsplit(request.headers.get("HX-Current-URL", "")).path.startswith(screen.home)
