"""What several promises begin with: books that the samples have furnished, made once a worker and copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.base import clock, faults
from tests.promises.everywhere import Crawled, Everywhere, Furnished, copied, crawl, furnish, new_folder
from tests.promises.hostile import Pages
from tests.samples.sample import found


@pytest.fixture
def nine(books: Path) -> Iterator[time_machine.Traveller]:
    """Nine in the morning of today; the clock stands until it is moved."""
    with time_machine.travel(clock.at(clock.today(), 9), tick=False) as travel:
        yield travel


@pytest.fixture(scope="session")
def furnished(new_books: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """Books with something of everything in them."""
    with new_folder(new_books, tmp_path_factory.mktemp("furnished")) as folder:
        return furnish(folder, found())


@pytest.fixture(scope="session")
def crawled(furnished: Furnished, tmp_path_factory: pytest.TempPathFactory, desk_on: Any, noun: str) -> Crawled:
    """What everybody sees everywhere: looked at once a worker, read by several tests."""
    with copied(furnished, tmp_path_factory.mktemp("crawled"), desk_on, noun) as made:
        return crawl(made)


@pytest.fixture(scope="session")
def pages(crawled: Crawled) -> Pages:
    """Every form that the crawl has met."""
    return Pages(crawled)


@pytest.fixture
def made(furnished: Furnished, data: Path, desk_on: Any, noun: str) -> Iterator[Everywhere]:
    """A desk of one's own on the furnished books."""
    with copied(furnished, data, desk_on, noun) as found:
        yield found
    faults.disarm()
