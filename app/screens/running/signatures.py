"""Signatures from the pad, as pictures: shown on the pages of whatever they were given for."""

from __future__ import annotations

from flask import Response, abort

from app.base.refusal import N_
from app.desk.work import signatures
from app.web import Answer, Screen

screen = Screen("running/signatures", title=N_("Signatures"), menu=False, act="signatures.see")


@screen.reads("/<int:signature>.png")
def picture(signature: int) -> Answer:
    return Response(signatures.image(signature) or abort(404), mimetype="image/png")
