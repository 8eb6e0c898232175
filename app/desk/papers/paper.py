"""Papers of the desk: templates/print/<paper>.receipt, filled with what a deed kept of itself, as a ReceiptLine document.

Everything that is filled in is escaped: a name such as ``{code:1}`` or ``^^^`` prints as typed. A template prints its
marks (copy's name, 【演示】, 【补打 第 n 次】) with ``{% include "marks.part" %}`` under its title.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.base import money
from app.desk.record import demo, options
from hardware import receipt

if TYPE_CHECKING:
    from app.desk.papers.outbox import Job

TEMPLATES = Path(__file__).parents[3] / "templates" / "print"


@dataclass(frozen=True)
class Mark:
    """What marks.part prints under a title."""

    copy: str  # 联
    demo: bool
    reprint: int
    at: str
    by: str


def _typed(value: object) -> Markup:
    """What a template fills in: escaped once, unless it is a macro's own output."""
    return value if isinstance(value, Markup) else Markup(receipt.escape("" if value is None else value))  # noqa: S704


def _code(digits: str) -> Markup:
    """The scannable code of a paper: our own fourteen digits, nothing that was typed."""
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"not a code of ours: {digits!r}")
    return Markup("{code:%s; option:code128,2,64,hri}") % digits


def _qr(link: str) -> Markup:
    """A square code with an address for a phone's camera."""
    if any(char in link for char in " {}|;\\") or not link.isascii():
        raise ValueError(f"not an address: {link!r}")
    return Markup("{code:" + link + "; option:qrcode,4,m}")  # noqa: S704


@functools.cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # what is Markup stays as it is; everything else goes through _typed first
        finalize=_typed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(yuan=money.show, capitals=money.capitals, option=options.get, barcode=_code, qr=_qr)
    return made


def document(
    name: str, facts: dict[str, Any], *, number: str = "", copy: str = "", reprint: int = 0, at: str = "", by: str = ""
) -> str:
    """The paper as mark-up. `at`, `by`: when and by whom it was asked for, printed on a reprint."""
    template = _templates().get_template(f"{name}.receipt")
    mark = Mark(copy, demo.is_on(), reprint, at, by)
    return template.render(facts | {"number": facts.get("number", number), "mark": mark})


def of(job: Job) -> str:
    """A print job as mark-up."""
    return document(
        job.paper,
        job.facts,
        number=job.number,
        copy=job.copy,
        reprint=job.reprint,
        at=f"{job.at:%Y-%m-%d %H:%M}",
        by=job.operator,
    )


def laid_out(job: Job, columns: int) -> receipt.Paper:
    """A print job on paper of so many columns: for a printer, or to be looked at."""
    return receipt.render(of(job), columns)
