"""The shell: signing in, the menu, refusals."""

from __future__ import annotations


def test_nobody_sees_a_page_unsigned(desk) -> None:
    answer = desk.app.test_client().get("/running/today/", headers={"Host": "desk.lan"})
    assert answer.status_code == 302
    assert "/running/sign_in" in answer.location


def test_the_board_opens_for_a_clerk(desk, cast) -> None:
    answer = desk.client(cast.ana).get("/running/today/")
    assert answer.status_code == 200
    assert "工作台" in answer.text
