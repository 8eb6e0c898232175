"""What is printed of a receipt: texts only, amounts formatted, the payer's name masked (templates/print/receipt.*)."""

from __future__ import annotations

from typing import Any

from app.base import money
from app.desk.accounts.receipt.tables import Receipt

TENDER_NAMES = {
    "cash": "现金",
    "wechat": "微信",
    "alipay": "支付宝",
    "card": "银行卡",
    "transfer": "转账",
    "prepaid": "预存抵扣",
}
TITLES = {"receipt": "收 据", "void": "收据作废", "refund": "退款单"}


def masked(person: str) -> str:
    """李伟 -> 李*; a firm's name (more than four characters) stays whole."""
    return person[:1] + "*" * (len(person) - 1) if len(person) <= 4 else person


def paper(row: Receipt) -> dict[str, Any]:
    """What templates/print/receipt.receipt shows: texts only, amounts formatted."""
    facts = row.facts
    change = facts.get("change", 0)
    return {
        "company": facts["company"],
        "centre": facts["centre"],
        "title": TITLES[row.kind],
        "kind": row.kind,
        "number": row.number,
        "code": row.code,
        "time": f"{row.at:%Y-%m-%d %H:%M}",
        "room": facts["room"],
        "payer": masked(row.payer),
        "items": [
            {
                "text": f"{item['text']} {item.get('period', '')}".strip(),
                "expression": item.get("expression", "").replace(" ", ""),  # 20 cells beside the amount
                "amount": money.show(item["fen"]),
            }
            for item in facts["items"]
        ],
        "total": money.show(row.fen),
        "capitals": money.capitals(row.fen).removeprefix("人民币"),
        "tenders": [{"name": _tender_name(each), "amount": money.show(each["fen"])} for each in facts["tenders"]],
        "change": money.show(change) if row.kind == "receipt" else "",
        "clerk": facts["clerk"],
        "check": row.check_code,
        "of": facts.get("of", {}).get("number", ""),
        "reason": row.reason,
        "payee": row.payee,
        "extra": facts.get("extra", {}),
    }


def _tender_name(tender: dict[str, Any]) -> str:
    tail = f" 尾号{tender['ref'][-4:]}" if tender["ref"] else ""
    return TENDER_NAMES[tender["kind"]] + tail
