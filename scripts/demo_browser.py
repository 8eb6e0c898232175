"""A fresh demo and Debian's Chromium in front of it, for the scripts that make pictures."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HOUSE = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
# Without partial raster, so that round corners come out the same whichever part of the page was drawn first.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-partial-raster",
    "--host-resolver-rules=MAP desk.lan 127.0.0.1",
]
DESK = {"width": 1366, "height": 768}


@contextmanager
def demo(house: Path = HOUSE, *, start: tuple[str, ...] = ("-m", "app")) -> Iterator[tuple[str, str]]:
    """A demo of that tree's app while it lasts: its address and everybody's password. `start`: what Python runs."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, *start, "--demo", "--data", scratch, "--port", "0"]
        desk = subprocess.Popen(command, cwd=house, stdout=subprocess.PIPE, text=True)
        assert desk.stdout is not None
        said = []
        for line in desk.stdout:
            said.append(line)
            if line.startswith("ready"):
                break
        try:
            password = re.search(r"password (\S+)", "".join(said))[1]
            yield f"http://desk.lan:{said[-1].rpartition(':')[2].strip()}", password
        finally:
            desk.terminate()
            desk.wait()


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    page.goto(address)
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".who")


def find(page: Page, text: str) -> None:
    """As a clerk does: into the box, Enter."""
    page.keyboard.press("F4")
    page.keyboard.type(text, delay=60)  # slower than a scanner, which would be heard as one
    page.keyboard.press("Enter")
    page.wait_for_url("**/homes/households/*")


AT_WORK = ".htmx-request, #lamps b"  # something is asked for; a device was slow to answer on a busy machine


def settled(page: Page) -> None:
    """The page is there and asks for nothing. A live page polls every half second: it is never idle for as long."""
    page.wait_for_load_state("load")
    page.wait_for_selector(AT_WORK, state="detached", timeout=30_000)
    page.wait_for_timeout(300)
