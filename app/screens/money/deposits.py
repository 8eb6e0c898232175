"""Deposits held: money of others, given back against its receipt."""

from __future__ import annotations

from flask import request

from app import web
from app.base import money
from app.base.refusal import N_
from app.desk.accounts.receipt import ReceiptItem
from app.procedures.money import deposits
from app.web import Answer, Screen, form, go, me, page, say, wants_fragment

screen = Screen("money/deposits", title=N_("Deposits"), act="deposits.see", order=60)


@screen.reads()
def board() -> Answer:
    return page(
        "money/deposits.html#board",
        held=deposits.held(below=request.args.get("below", 0, type=int)),
        rows=deposits.ROWS,
    )


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
