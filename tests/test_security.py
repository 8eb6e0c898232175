"""Promise P14: no other page or machine on the LAN acts as the clerk, and looking changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from app import schema
from app.base import db

OURS = {"Origin": "http://desk.lan"}


@pytest.fixture
def guarded(desk):
    """The desk with every guard on, as it is served."""
    desk.app.config.update(WTF_CSRF_ENABLED=True)
    return desk


def digest() -> str:
    """Of every row of every table."""
    seen = hashlib.sha256()
    for table in schema.TABLES:
        for row in db.database.execute_sql(f'SELECT * FROM "{table._meta.table_name}" ORDER BY 1'):
            seen.update(repr(row).encode())
    return seen.hexdigest()


def addresses(desk, method: str) -> list[tuple[str, str]]:
    """(endpoint, URL) of every route with that method, arguments filled in with 1."""
    return sorted(
        (rule.endpoint, re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule))
        for rule in desk.app.url_map.iter_rules()
        if method in rule.methods and rule.endpoint != "static"
    )


def token_of(client: FlaskClient) -> str:
    page = client.get("/running/sign_in/mine").text
    return re.search(r'X-CSRFToken": "([^"]+)"', page).group(1)


def forgeries(
    client: FlaskClient, token: str, foreign: str, stolen: FlaskClient, nobody: FlaskClient
) -> Iterator[tuple[str, FlaskClient, dict]]:
    """Twelve ways another page or machine might try it: name, client, request."""
    form = {"csrf_token": token}
    yield "no token", client, {"headers": OURS, "data": {}}
    yield "a made-up token", client, {"headers": OURS, "data": {"csrf_token": "x" * len(token)}}
    yield "another session's token", client, {"headers": OURS, "data": {"csrf_token": foreign}}
    yield "a page of another site", client, {"headers": {"Origin": "http://evil.example"}, "data": form}
    yield "a sandboxed page", client, {"headers": {"Origin": "null"}, "data": form}
    yield "no origin at all", client, {"headers": {"Origin": ""}, "data": form}
    yield "another port of this machine", client, {"headers": {"Origin": "http://desk.lan:9000"}, "data": form}
    yield "a name that begins like ours", client, {"headers": {"Origin": "http://desk.lan.evil.example"}, "data": form}
    yield (
        "another site's referrer",
        client,
        {"headers": {"Origin": "", "Referer": "http://evil.example/?http://desk.lan/"}, "data": form},
    )
    yield (
        "a host name bent to us",
        client,
        {
            "base_url": "http://evil.example",
            "headers": {"Origin": "http://evil.example", "Host": "evil.example"},
            "data": form,
        },
    )
    yield "a cookie that was signed out", stolen, {"headers": OURS, "data": form}
    yield "no cookie", nobody, {"headers": OURS, "data": form}


def test_no_state_changing_route_takes_a_forgery(guarded, cast: SimpleNamespace, home: SimpleNamespace) -> None:
    tried = 0
    client = guarded.client(cast.mia)
    token, foreign = token_of(client), token_of(guarded.client(cast.ana))
    stolen, nobody = guarded.client(cast.mia), guarded.app.test_client()
    stolen_token = token_of(stolen)
    copied = stolen.get_cookie("session", domain="desk.lan").value
    assert stolen.post("/running/sign_in/out", data={"csrf_token": stolen_token}).status_code == 303
    stolen.set_cookie("session", copied, domain="desk.lan")
    before = digest()
    for endpoint, url in addresses(guarded, "POST"):
        anybody = getattr(guarded.app.view_functions[endpoint], "act", "") is None
        for name, who, request in forgeries(client, token, foreign, stolen, nobody):
            if anybody and who is stolen:
                continue  # such a route takes anybody's own form: it is the token that guards it
            answer = who.post(url, **request)
            assert answer.status_code in (302, 400, 401), f"{url} took {name}: {answer.status_code}"
            tried += 1
        assert digest() == before, url
    assert tried > 500


def test_our_own_form_passes_the_same_guards(guarded, cast: SimpleNamespace) -> None:
    """The other side of the check above: the guards let our own pages through on every route."""
    for _, url in addresses(guarded, "POST"):
        client = guarded.client(cast.mia)
        answer = client.post(url, data={"csrf_token": token_of(client)}, headers=OURS)
        assert answer.status_code not in (400, 401), f"{url}: {answer.status_code}"


def test_looking_changes_nothing(guarded, cast: SimpleNamespace, home: SimpleNamespace) -> None:
    """GET and HEAD of every route, as page and as fragment, leave every row of every table as it was."""
    client = guarded.client(cast.mia)
    client.get("/running/today/")
    before = digest()
    for _, url in addresses(guarded, "GET"):
        client.get(url)
        client.get(url, headers={"HX-Request": "true"})
        client.head(url)
        assert digest() == before, url


def test_the_digest_sees_a_changed_row(books, cast: SimpleNamespace) -> None:
    from app.desk.who import people

    before = digest()
    people.Staff.update(version=7).where(people.Staff.id == cast.ana.id).execute()
    assert digest() != before


def test_a_foreign_host_name_is_refused_for_reading_too(guarded) -> None:
    answer = guarded.app.test_client().get(
        "/running/sign_in/", base_url="http://evil.example", headers={"Host": "evil.example"}
    )
    assert answer.status_code == 400


def test_every_answer_carries_the_headers(guarded, cast: SimpleNamespace) -> None:
    client = guarded.client(cast.mia)
    for url in ("/running/today/", "/nothing/here", "/static/css/frame.css", "/running/sign_in/"):
        headers = client.get(url).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], url
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    assert client.get("/running/today/").headers["Cache-Control"] == "no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded) -> None:
    answer = guarded.app.test_client().get("/running/sign_in/code")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie, "plain http would never send it back"


def test_a_body_that_is_too_large_is_refused_in_words(guarded, cast: SimpleNamespace) -> None:
    client = guarded.client(cast.mia)
    answer = client.post(
        "/running/staff/add", data={"csrf_token": token_of(client), "name": "x" * 7_000_000}, headers=OURS
    )
    assert answer.status_code == 413
    assert "6 MB" in answer.text


def test_no_answer_leads_to_another_host(guarded, cast: SimpleNamespace) -> None:
    client = guarded.client(cast.ana)
    for next_page in ("http://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        data = {"csrf_token": token_of(client), "language": "en", "next": next_page}
        assert client.post("/running/sign_in/language", data=data, headers=OURS).location == "/"


def test_what_people_type_is_text_on_every_page(guarded, cast: SimpleNamespace, home: SimpleNamespace) -> None:
    from app.desk.who import people

    people.Staff.update(name="<script>alert(1)</script>").where(people.Staff.id == cast.ana.id).execute()
    client = guarded.client(cast.mia)
    for url in ("/running/staff/", "/running/today/", "/homes/lookup/?q=<script>alert(1)</script>"):
        assert "<script>alert" not in client.get(url).text, url
