"""A real server, a real browser, a host name that is not localhost (plain http is no secure context: platform.md 2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import waitress
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from app import factory
from app.base import db
from app.desk.who import people, sessions
from app.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
# ms: only how long a broken run takes. Less than the minute after which pages renew themselves by the clock.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP desk.lan 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Site:
    """The desk as it is served, and browsers signed in to it."""

    url: str
    app: Flask
    browser: Browser
    troubles: list[str] = field(default_factory=list)  # console errors, CSP violations, faults on any page
    contexts: list[object] = field(default_factory=list)

    def page(self, who: people.Actor | None = None, *, language: str = "zh_CN", javascript: bool = True) -> Page:
        """A fresh browser at the desk's window, signed in as one of the cast (None: nobody)."""
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768},
            locale="zh-CN",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        cookies = [{"name": "language", "value": language, "url": self.url}]
        if who is not None:
            with db.write():
                token = sessions.begin(people.Staff.get_by_id(who.id), station=who.station)
            signer = self.app.session_interface.get_signing_serializer(self.app)
            cookies.append(
                {"name": "session", "value": signer.dumps({"_user_id": token, "_fresh": True}), "url": self.url}
            )
        context.add_cookies(cookies)
        page = context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda line: self._heard(page, line.type, line.text))
        return page

    def _heard(self, page: Page, kind: str, text: str) -> None:
        # The browser itself logs every 4xx: refusals are answers here, not errors. htmx logs a poll that was under way
        # when its page was left, as sendAbort and afterRequest; a request that failed is a sendError, and counts.
        usual = ("Failed to load resource", "Response Status Error Code 4", "htmx:sendAbort", "htmx:afterRequest")
        if kind == "error" and not any(each in text for each in usual):
            self.troubles.append(f"{page.url}: {text}")

    def open(self, who: people.Actor | None, path: str, **more: object) -> Page:
        page = self.page(who, **more)  # type: ignore[arg-type]
        page.goto(self.url + path)
        return page


@pytest.fixture
def site(books: Path, data: Path, cast: SimpleNamespace, browser: Browser) -> Iterator[Site]:
    """A waitress on a free port with its own books; fails the test on any console error or CSP violation."""
    yield from serve(data, browser)


def serve(data: Path, browser: Browser, devices: object = None, **settings: object) -> Iterator[Site]:
    """For a site of one's own, with devices: `yield from serve(data, browser, devices)`."""
    app = factory.create_app(Settings(data=data, hosts=("desk.lan",), **settings), devices)  # type: ignore[arg-type]
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    site = Site(f"http://desk.lan:{server.effective_port}", app, browser)
    try:
        yield site
    finally:
        for context in site.contexts:
            context.close()  # type: ignore[attr-defined]
        server.close()
        thread.join(timeout=10)
    assert site.troubles == []


class Wedge:
    """A keyboard-wedge scanner: characters 2 ms apart by the browser's own event clock, then Enter."""

    def __init__(self, page: Page) -> None:
        self.line: CDPSession = page.context.new_cdp_session(page)
        self.page = page

    def scan(self, code: str, *, gap: float = 0.002) -> None:
        at = self.page.evaluate("performance.timeOrigin + performance.now()") / 1000
        for n, character in enumerate([*code, "\r"]):
            key = "Enter" if character == "\r" else character
            common = {"key": key, "timestamp": at + n * gap, "windowsVirtualKeyCode": ord(character)}
            if character != "\r":
                common["code"] = f"Digit{character}"
            self.line.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **common})
            self.line.send("Input.dispatchKeyEvent", {"type": "keyUp", **common})


@pytest.fixture
def wedge() -> type[Wedge]:
    return Wedge
