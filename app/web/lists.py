"""A listing on the web: what the address asks for, and the same list as a workbook and on A4. The page is a macro's."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request, send_file

from app.base import clock
from app.desk.work import listing
from app.desk.work.listing import Asked, Listing
from app.web.answers import page, t
from app.web.fields import Form

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def asked(shows: Mapping[str, str] | None = None, default: str = "") -> Asked:
    """`?q=` a text, `?show=` one of the listing's states, `?since=` and `?until=` days, `?below=` the key to go on under."""
    fields, show = Form(request.args), request.args.get("show", "")
    since, until = listing.within_a_year(fields.day("since", need=False), fields.day("until", need=False))
    below = request.args.get("below", 0, type=int)
    return Asked(
        text=fields.text("q", need=False),
        show=show if show in (shows or {}) else default,
        since=since,
        until=until,
        below=below if 0 < below < 2**63 else 0,
    )


def workbook(found: Listing) -> Response:
    """The whole list as Excel opens it."""
    name = f"{t(found.title)} {clock.today().isoformat()}.xlsx"
    return send_file(listing.workbook(found, t), mimetype=_XLSX, as_attachment=True, download_name=name)


def on_a4(found: Listing, asked: Asked) -> Response:
    """The list from its top, for a printer with paper of A4."""
    shown = listing.page(found, Asked(), size=listing.ON_PAPER_MOST)
    return page("print/list_a4.html", shown=shown, asked=asked)
