"""What the paper slip shows."""

from __future__ import annotations

from typing import Any

from app.base import text as texts
from app.procedures.counter.release_slips.tables import Item, Slip

COPIES = ("门岗联", "存根联")
_PRINTED = {"owner": "业主", "resident": "住户", "tenant": "租户", "crew": "装修队"}


def of(slip: Slip, signed: dict[str, str], seal_by: str, base_url: str) -> dict[str, Any]:
    """What the paper shows, as it is printed: the phone and the ID are masked here, the paper never had them whole."""
    items = list(Item.select().where(Item.slip == slip).order_by(Item.line))
    assert slip.issued
    assert slip.until
    who = f"{slip.applicant}（{_PRINTED[slip.applicant_kind]}{' ' + slip.firm if slip.firm else ''}）"
    drawn = {who: "（电子签名）" if how == "pad" else "" for who, how in signed.items()}
    return {
        "valid": "当日有效" if slip.until == slip.day else f"有效至 {slip.until:%Y-%m-%d}",
        "date": f"{slip.issued:%Y-%m-%d %H:%M}",
        "unit": slip.unit.label,
        "applicant": who + (f"证件 {texts.mask_id(slip.id_number)}" if slip.id_number else ""),
        "consent": (
            f"电话 {texts.mask_phone(slip.call_number)}  {slip.call_at:%H:%M}  {slip.caller}拨打"
            if slip.call_at
            else "业主到场"
        ),
        "seal": f"{seal_by} 已核准" if seal_by else "",
        "items": [[item.line, item.name, item.quantity, item.unit] for item in items],
        "total": f"共 {len(items)} 项 {sum(item.quantity for item in items)} 件",
        "handler": slip.staff.name,
        "signs": {"applicant": drawn.get("applicant", drawn.get("owner", "")), "owner": drawn.get("owner", "")},
        "owner_pending": "owner" not in signed,
        "owner_applies": slip.applicant_kind == "owner",
        "link": f"{base_url.rstrip('/')}/g/{slip.code}",
    }
