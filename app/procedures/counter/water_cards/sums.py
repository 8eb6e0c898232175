"""The arithmetic of a sale: money and water, as it is shown on screen and paper. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.base import money
from app.base.refusal import Refused

MOST = 1_000_00  # 1,000 t in one sale: more is a slip of the hand


@dataclass(frozen=True)
class Sum:
    """`volume` in 0.01 t, `fen` the price of it, `expression` how one comes from the other."""

    volume: int
    fen: int
    expression: str


def tonnes(volume: int) -> str:
    """1500 -> `15.00`."""
    return money.plain(volume)


def of_volume(volume: int, price: int, step: int) -> Sum:
    """So much water, at `price` fen a tonne. Half a fen is rounded up."""
    _price_is_set(price)
    if volume % step:
        raise Refused("The card counts in steps of {step} t.", field="quantity", step=tonnes(step))
    _sensible(volume)
    fen = (volume * price + 50) // 100
    return Sum(volume, fen, f"{tonnes(volume)} 吨 × {money.plain(price)}")


def of_money(fen: int, price: int, step: int) -> Sum:
    """As much water as `fen` buys, never more than it pays for; what is left over is change."""
    _price_is_set(price)
    volume = fen * 100 // price // step * step
    _sensible(volume)
    cost = (volume * price + 50) // 100
    whole = f"{money.plain(fen)} ÷ {money.plain(price)} ＝ {tonnes(volume)} 吨"
    return Sum(
        volume,
        cost,
        whole if cost == fen else f"{whole}，{tonnes(volume)} × {money.plain(price)} ＝ {money.plain(cost)}",
    )


def of_text(text: str, *, field: str) -> int:
    """`15` or `15.5` tonnes -> hundredths; read like an amount."""
    return money.parse(text, field=field)


def _price_is_set(price: int) -> None:
    if price <= 0:
        raise Refused("There is no water price for today. The supervisor sets it in the price list.", rule="CASH-8")


def _sensible(volume: int) -> None:
    if not 0 < volume <= MOST:
        raise Refused(
            "{volume} t is not a quantity this desk sells. Check the figure.", field="quantity", volume=tonnes(volume)
        )
