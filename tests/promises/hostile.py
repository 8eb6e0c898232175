"""Sixty strings that broke other programs, and what must hold after each: a Trial puts one into one field of one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.base import clock
from app.base.text import half_width
from app.desk.papers import outbox, paper
from hardware.receipt import model as receipt
from hardware.receipt.model import gbk
from tests.promises.everywhere import FRAGMENT, Crawled, Everywhere, addresses, undone
from tests.promises.forms import TEXTS, Form, forms, plain_of, tree, words
from tests.samples.sample import said

TEMPLATES = Path(__file__).parents[2] / "templates"
SEED = 20261122
HOSTILE = (
    # scripts and mark-up
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' autofocus onfocus='alert(1)", "</textarea><svg/onload=alert(1)>",
    "<!--", "]]>", "&lt;b&gt;", "&#x202e;&amp;", "javascript:alert(1)", "<b>王</b>",
    # templates and formats
    "{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "{0}", "{name}", "{key.__class__}", "{", "}", "%s%n", "%(x)s", "100%",
    # papers and printers
    "{code:1}", "^^^大", "a|b", "\\", "~_~", '"', "`x`", "---", "===", "\x1bp\x00", "\x1b@王", "{cut:1}",
    # spreadsheets, shells, SQL, paths, headers
    '=HYPERLINK("http://x","y")', "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "'; DROP TABLE unit;--", "' OR '1'='1", "O'Brien",
    "../../etc/passwd", "C:\\con\\nul", "$(reboot)", "张\r\nX-Pwned: 1", "a\tb", "http://evil.example/", "null", "None", "NaN",
    # people and writing
    "阿依古丽·买买提", "𠮷野家", "👩\u200d👩\u200d👧", "\u202e王五", "e\u0301\u0301\u0301", "\ufeff王", "ﷺ", "１２３ＡＢＣ", "王\u3000五", "ı İ ß", "①②", "٥٠",
    "\x00", "\u200b", "9" * 5000, "王" * 5000,
)  # fmt: skip


def cleaned(text: str) -> str:
    """As the desk keeps it: control characters and direction marks gone, blanks made one."""
    kept = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text)
    return re.sub(r"[\s\u3000]+", " ", kept).strip()


# ---- forms, and what a person would fill into them


class Ours:
    """What our own pages are made of: anything else came out of a string."""

    def __init__(self) -> None:
        sources = "".join(path.read_text("utf-8") for path in sorted(TEMPLATES.rglob("*.html")))
        self.tags = {"html", "head", "body", "tbody", *re.findall(r"<([a-z][a-z0-9]*)", sources)}
        self.names = set(re.findall(r"([a-z][a-z-]*)=", sources) + re.findall(r"\b(?:data|hx)-[a-z-]+", sources))
        self.names |= {
            "required",
            "autofocus",
            "checked",
            "selected",
            "open",
            "hidden",
            "disabled",
            "multiple",
            "defer",
            "async",
        }
        assert not [name for name in self.names if name.startswith("on") or name in ("style", "srcdoc")]

    def escaped(self, markup: str) -> list[str]:
        """Elements and attributes that are none of ours, scripts of a page's own, links that are strings."""
        found = []
        for node in nodes(markup):
            if node.tag not in self.tags or not set(node.attrib) <= self.names:
                found.append(f"<{node.tag} {sorted(set(node.attrib) - self.names)}>")
            if node.tag == "script" and (node.text or "").strip():
                found.append("a script")
            links = [str(node.get(name) or "").strip().lower() for name in ("href", "src", "action", "formaction")]
            if any(link.startswith(("javascript:", "http://evil")) for link in links):
                found.append("a link that is a string")
        return found


class Pages:
    """The forms that a crawl has met, each as the first who was shown it."""

    def __init__(self, crawled: Crawled) -> None:
        self.whole = crawled.whole
        self.forms: list[tuple[str, Form]] = []
        self._known: set[tuple[str, tuple[str, ...]]] = set()
        read: set[tuple[str, ...]] = set()
        for visit in crawled.visits:
            if visit.how == ("page" if "/today/" in visit.url else "fragment") and visit.status == 200:
                shape = tuple(plain_of(each) for each in re.findall(r'\b(?:action|name)="([^"]*)"', visit.text))
                if "<form" in visit.text and shape not in read:
                    read.add(shape)
                    self._read(visit.nick, visit.url, visit.text)

    def _read(self, nick: str, url: str, markup: str) -> None:
        for form in forms(url, markup):
            shape = (plain_of(form.action), tuple(each.name for each in form.inputs))
            if shape not in self._known:
                self._known.add(shape)
                self.forms.append((nick, form))

    def sent(self, made: Everywhere) -> list[tuple[str, Form]]:
        """Those that a crawl may send: of each noun only what its sample does not leave out."""
        return [each for each in self.forms if not _is_left_out(made, each[1])]


def _is_left_out(made: Everywhere, form: Form) -> bool:
    return bool(said(made.sample_of(form.action).left_out, made.view_of(form.action, form.method.upper())))


def nodes(markup: str) -> list[Any]:
    return [node for node in tree(markup).iter() if isinstance(node.tag, str)]


def raw(markup: str) -> list[str]:
    """Mark-up of ours that stands on a page as it was typed: cheaper than reading the page as a browser does."""
    return [text for text in HOSTILE if re.search("[<\"']", text) and len(text) > 6 and text in markup]


def good(made: Everywhere, form: Form) -> dict[str, str]:
    """The form filled in as it would be accepted: as its noun's sample says."""
    typed: dict[str, str] = {}
    for each in form.inputs:
        wanted = made.sample_of(form.action).good_of(each.name)
        if each.kind == "checkbox":
            if wanted:
                typed[each.name] = each.options[0]
        elif each.kind == "select":
            offered = [option for option in each.options if option]
            if not each.value and offered and wanted != "":
                typed[each.name] = wanted if wanted in offered else offered[0]
        elif each.kind == "date":
            typed[each.name] = each.value or (clock.today() + timedelta(days=3)).isoformat()
        elif not each.value and each.kind in TEXTS:
            typed[each.name] = wanted or ""
    return form.filled(**typed)


# ---- what must hold after each


def on_paper(text: str) -> str:
    """What of it a printer with GBK can print: the rest is 〓, and lines break where they must."""
    return squeezed("".join(c if gbk(c) is not None else "〓" for c in receipt.clean(cleaned(text))))


def squeezed(text: str) -> str:
    return re.sub(r"[\s〓]+", "", text)


def is_wrapped(text: str, printed: str) -> bool:
    """A long text in a column goes on below, with the row's other columns between."""
    following = iter(printed)
    return all(character in following for character in text)


def last_paper() -> int:
    return int(outbox.Job.select().order_by(outbox.Job.id.desc()).get().id)


def papers_since(last: int) -> str:
    """Everything that was printed, on both widths."""
    found = []
    for job in outbox.Job.select().where(outbox.Job.id > last):
        for columns in (32, 48):
            printed = paper.laid_out(job, columns)
            assert b"\x1bp" not in printed.native(), f"{job.paper}: the drawer is kicked by a text"
            found.append(squeezed(printed.text()))
    return "\n".join(found)


PLAIN = "甲乙丙丁戊"  # what goes wherever any name goes


class Trial:
    """Strings in fields of forms, and everything that is wrong afterwards."""

    def __init__(self, made: Everywhere, pages: Pages) -> None:
        self.made, self.pages, self.ours = made, pages, Ours()
        self.wrong: list[str] = []
        self.accepted = self.refused = self.shown = self.printed = 0
        self.lost: set[str] = set()  # refused, and the field is empty
        self.unseen: set[str] = set()  # accepted, and for no page or paper
        self._where: dict[tuple[str, str], tuple[str, bool]] = {}
        self._urls = [url for _, url in addresses(made)]

    def send(self, nick: str, form: Form, field: str, text: str, *, fragment: bool) -> Any:
        how = "query_string" if form.method == "get" else "data"
        wanted = self.made.sample_of(form.action).beside.get(field, {})
        beside = {name: value for name, value in wanted.items() if form.one(name)}
        return self.made.client(nick).open(
            form.action,
            method=form.method.upper(),
            headers=FRAGMENT if fragment else {},
            **{how: good(self.made, form) | beside | {field: text}},
        )

    def where(self, nick: str, form: Form, field: str) -> tuple[str, bool]:
        """The page that shows what that field keeps, and whether a paper does: found out with a plain name."""
        if (form.action, field) not in self._where:
            page, printed, before = "", False, last_paper()
            with undone():
                answer = self.send(nick, form, field, PLAIN, fragment=True)
                if answer.status_code < 400:
                    printed = PLAIN in papers_since(before)
                    for url in self._likely(form, answer):
                        shown = self.made.client(nick).get(url, headers=FRAGMENT)
                        if shown.mimetype == "text/html" and PLAIN in shown.text and PLAIN in words(shown.text):
                            page = url
                            break
                    if not page and not printed:
                        self._note(self.unseen, form, field, self.made.sample_of(form.action).no_page)
            self._where[form.action, field] = page, printed
        return self._where[form.action, field]

    def _likely(self, form: Form, answer: Any) -> list[str]:
        where = answer.headers.get("HX-Redirect") or answer.headers.get("Location") or form.page
        area = "/".join(form.action.split("/")[:3])
        near = [url for url in self._urls if url.startswith(area)]
        return list(dict.fromkeys([where, form.page, *near]))

    def run(self, nick: str, form: Form, field: str, text: str, *, fragment: bool) -> None:
        what = f"{form.action} {field}={text[:30]!r}"
        page, printed = self.where(nick, form, field) if form.method == "post" else ("", False)
        before = last_paper()
        with undone():
            answer = self.send(nick, form, field, text, fragment=fragment)
            if answer.status_code >= 500 and answer.status_code != 503:
                self.wrong.append(f"{what}: {answer.status_code}")
                return
            if "/sign_in/" in answer.headers.get("Location", "") and "/sign_in/" not in form.action:
                self.wrong.append(f"{what}: {nick} is signed out")
            if "X-Pwned" in answer.headers:
                self.wrong.append(f"{what}: a header")
            if answer.mimetype == "text/html":
                self.wrong += [f"{what}: {each}" for each in self.ours.escaped(answer.text)]
            if answer.status_code >= 400:
                self.refused += 1
                if not fragment:
                    self._is_kept(form, field, text, answer)
                return
            self.accepted += 1
            if page and cleaned(text):
                shown = self.made.client(nick).get(self._now(page, form, answer), headers=FRAGMENT).text
                self.wrong += [f"{what} on {page}: {each}" for each in self.ours.escaped(shown)]
                seen = words(shown)
                if cleaned(text) in seen or half_width(cleaned(text)) in seen:  # a number is kept in half width
                    self.shown += 1
                else:
                    self.wrong.append(f"{what}: not on {page} as it was typed")
            if printed and on_paper(text):
                found = papers_since(before)
                if on_paper(text) in found or (len(on_paper(text)) > 12 and is_wrapped(on_paper(text), found)):
                    self.printed += 1
                else:
                    self.wrong.append(f"{what}: not on its paper as it was typed")

    def _now(self, page: str, form: Form, answer: Any) -> str:
        """The page of the row that was just made has an address of its own."""
        return (
            (answer.headers.get("HX-Redirect") or answer.headers.get("Location") or page) if page != form.page else page
        )

    def _is_kept(self, form: Form, field: str, text: str, answer: Any) -> None:
        """Without JavaScript the page comes again, what was typed in its fields (with it, the page never went away)."""
        again = [each for each in forms(form.page, answer.text) if each.action == form.action]
        kept = [found.value for each in again if (found := each.one(field)) and found.kind != "password"]
        if kept and flat(text) not in map(flat, kept):
            self._note(self.lost, form, field, self.made.sample_of(form.action).empty_again)

    def _note(self, found: set[str], form: Form, field: str, known: Mapping[str, str]) -> None:
        view = self.made.view_of(form.action, form.method.upper())
        if not said(known, f"{view}.{field}"):
            found.add(f"{plain_of(form.action)} {view}.{field}")


def flat(text: str) -> str:
    """A browser's field holds one line without NUL."""
    return re.sub(r"[\x00\ufffd\s]+", " ", text).strip()
