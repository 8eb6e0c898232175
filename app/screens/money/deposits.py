"""Deposits held: money of others, given back against its receipt."""

from __future__ import annotations

from app import web
from app.base import money
from app.base.refusal import N_
from app.desk.accounts.receipt import ReceiptItem
from app.desk.work import listing
from app.procedures.money import deposits
from app.web import Answer, Screen, form, go, lists, me, page, say, wants_fragment

screen = Screen("money/deposits", title=N_("Deposits"), act="deposits.see", order=60)


@screen.reads()
def board() -> Answer:
    asked = lists.asked()
    return page("money/deposits.html#board", shown=listing.page(deposits.register(asked), asked), asked=asked, shows={})


@screen.reads("/excel")
def excel() -> Answer:
    return lists.workbook(deposits.register(lists.asked()))


@screen.reads("/a4")
def a4() -> Answer:
    return lists.on_a4(deposits.register(lists.asked()), lists.asked())


@screen.does("/<int:deposit>/give_back", act="deposits.see", again="money_deposits.board")
def give_back(deposit: int) -> Answer:
    line, fields = web.row(ReceiptItem, deposit), form()
    made = deposits.give_back(
        line,
        fen=fields.fen("fen"),
        payee=fields.text("payee", need=False),
        reason=fields.text("reason", most=500, need=False),
        copy_back=fields.flag("copy_back"),
        by=me(),
    )
    values = {"number": made.number, "fen": money.show(-made.fen)}
    return say(
        board() if wants_fragment() else go("money_deposits.board"),
        N_("Deposit given back: {fen}, {number}."),
        **values,
    )
