"""Signing in and out."""

from __future__ import annotations

from flask import request
from flask_login import current_user, login_user, logout_user

from app.base.refusal import N_
from app.procedures.running import sign_in as signing
from app.web import Answer, Clerk, Screen, form, go, page

screen = Screen("running/sign_in", title=N_("Sign in"), menu=False)


@screen.reads(anybody=True)
def sign_in_page() -> Answer:
    return page("running/sign_in.html", next=request.args.get("next", ""))


@screen.does("/in", act="", anybody=True, again="running_sign_in.sign_in_page")
def sign_in() -> Answer:
    fields = form()
    session, token = signing.sign_in(
        fields.text("name"), fields.values.get("password", ""), station=request.cookies.get("station", "")
    )
    login_user(Clerk(session, token))
    return go("running_today.board")


@screen.does("/out", act="desk.see")
def sign_out() -> Answer:
    signing.sign_out(current_user.token)
    logout_user()
    return go("running_sign_in.sign_in_page")
