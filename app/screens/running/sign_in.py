"""Signing in and out, switching, waking a locked session, one-time codes, the language."""

from __future__ import annotations

import secrets

from flask import make_response, redirect, render_template, request
from flask_login import current_user, login_user, logout_user

from app.base.refusal import N_, Refused
from app.desk.who import people
from app.desk.who.sessions import Session
from app.procedures.running import sign_in as signing
from app.web import Answer, Clerk, Screen, form, go, local, me, page, say, t, trigger, wants_fragment

screen = Screen("running/sign_in", title=N_("Sign in"), menu=False, order=99)
_LANGUAGES = ("zh_CN", "en")


@screen.reads(anybody=True)
def sign_in_page() -> Answer:
    if people.nobody_yet():
        return go("running_sign_in.code")
    return page("running/sign_in.html", next=local(request.args.get("next", "")))


@screen.does("/in", act="", anybody=True, again="running_sign_in.sign_in_page")
def sign_in() -> Answer:
    fields = form()
    name, device = fields.text("name", most=32), _device()
    try:
        found = signing.sign_in(
            name, fields.values.get("password", ""), station=_station(), device=signing.device_of(device)
        )
    except Refused as no:
        return _dialog_again("password", name, no)
    return _signed_in(*found, device)


@screen.does("/out", act="desk.see")
def sign_out() -> Answer:
    signing.sign_out(current_user.token)
    logout_user()
    return go("running_sign_in.sign_in_page")


@screen.does("/off", act="desk.see")
def go_off() -> Answer:
    """下班: off duty and signed out."""
    signing.go_off(by=me())
    return sign_out()


@screen.reads("/pin")
def pin() -> Answer:
    return _dialog("pin", current_user.session.staff.name)


@screen.does("/unlock", act="desk.see")
def unlock() -> Answer:
    staff = current_user.session.staff
    try:
        signing.unlock(current_user.session, request.form.get("pin", ""), device=signing.device_of(request.cookies))
    except Refused as no:
        return _dialog_again("pin", staff.name, no)
    return _on(staff.name)


@screen.reads("/badge", anybody=True)
def badge() -> Answer:
    return _dialog("badge", request.args.get("code", "")[:14])


@screen.does("/switch", act="", anybody=True, again="running_sign_in.sign_in_page")
def switch() -> Answer:
    fields = form()
    code, device = fields.text("badge", most=32), _device()
    before = current_user.token if current_user.is_authenticated else None
    try:
        found = signing.switch(
            code,
            fields.values.get("pin", ""),
            station=_station(),
            device=signing.device_of(device),
            before=before,
        )
    except Refused as no:
        return _dialog_again("badge", code, no)
    return _signed_in(*found, device)


@screen.reads("/code", anybody=True)
def code() -> Answer:
    return page("running/code.html", first=people.nobody_yet())


@screen.does("/redeem", act="", anybody=True, again="running_sign_in.code")
def redeem() -> Answer:
    """A one-time code sets a new password; on empty books it makes the first supervisor."""
    fields, device = form(), _device()
    if fields.values.get("password") != fields.values.get("password_again"):
        raise Refused("The two passwords are not the same. Type them again.", field="password")
    found = signing.redeem(
        fields.text("name", most=32),
        fields.text("code", most=32),
        fields.values.get("password", ""),
        station=_station(),
        device=signing.device_of(device),
    )
    return _signed_in(*found, device)


@screen.reads("/mine")
def mine() -> Answer:
    return page("running/mine.html#board", staff=current_user.session.staff)


@screen.does("/change", act="desk.see", again="running_sign_in.mine")
def change() -> Answer:
    fields = form().values
    signing.change_own(
        fields.get("old", ""),
        fields.get("password", ""),
        fields.get("pin", ""),
        by=me(),
        device=signing.device_of(request.cookies),
    )
    return say(go("running_sign_in.mine"), "Your new password or PIN holds from now on.")


@screen.does("/language", act="", anybody=True)
def choose_language() -> Answer:
    chosen = form().choice("language", _LANGUAGES)
    answer = redirect(local(request.form.get("next", "")) or "/", code=303)
    answer.set_cookie("language", chosen, max_age=10 * 365 * 86400, httponly=True, samesite="Lax")
    return answer


def _station() -> str:
    from app.screens.running.stations import of_browser

    return of_browser()


def _device() -> dict[str, str]:
    """This browser's own cookie, made at the first signing in."""
    return {"device": request.cookies.get("device") or secrets.token_urlsafe(24)}


def _signed_in(session: Session, token: str, device: dict[str, str]) -> Answer:
    login_user(Clerk(session, token))
    answer = _on(session.staff.name)
    answer.set_cookie("device", device["device"], max_age=10 * 365 * 86400, httponly=True, samesite="Lax")
    return answer


def _on(name: str) -> Answer:
    """Where they wanted to go; from a dialog nowhere: the page behind it stays as it is."""
    if request.form.get("_dialog") and wants_fragment():
        return trigger(make_response(""), "desk:unlocked", {"name": name})
    return redirect(local(request.form.get("next", "")) or "/", code=303)


def _dialog(kind: str, name: str, said: str = "") -> Answer:
    staff = current_user.session.staff if current_user.is_authenticated else None
    has_pin = bool(staff and staff.pin_hash)
    answer = make_response(
        render_template("running/sign_in_dialog.html", kind=kind, name=name, said=said, has_pin=has_pin)
        if wants_fragment()
        else render_template("running/dialog_page.html", kind=kind, name=name, said=said, has_pin=has_pin)
    )
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return answer


def _dialog_again(kind: str, name: str, no: Refused) -> Answer:
    """A wrong word in a dialog is said in the dialog; on a page of its own the one place says it."""
    if not (request.form.get("_dialog") and wants_fragment()):
        raise no
    answer = _dialog(kind, name, t(no.msgid, **no.values))
    answer.status_code = 422
    return answer
