"""Integer paise inside, rupees only where a person reads or types them."""

import re
import unicodedata
from decimal import Decimal

from babel import Locale
from babel.numbers import parse_pattern

from payments import errors

PAISE_PER_RUPEE = 100
MAX_AMOUNT_PAISE = 10**13
"""One transfer at most: ₹100 billion, far from the end of a bigint even for a bank's account."""

# CLDR's pattern for rupees with the sign in its place, read once: format_currency() costs four times as much.
_INDIA = Locale("en", "IN")
_RUPEES = parse_pattern(_INDIA.currency_formats["standard"].pattern.replace("¤", _INDIA.currency_symbols["INR"]))

_PLAIN = re.compile(r"(\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)
_TOO_LONG = re.compile(r"\d{16,}(?:\.\d{1,2})?", re.ASCII)
_MORE_DECIMALS = re.compile(r"\d+\.\d{3,}", re.ASCII)


def format_rupees(paise: int) -> str:
    """`10000000` as `₹1,00,000.00`: Indian grouping, by CLDR."""
    return _RUPEES.apply(Decimal(paise) / PAISE_PER_RUPEE, _INDIA)


def plain_rupees(paise: int) -> str:
    """`-12345` as `-123.45`: for spreadsheets and form fields."""
    sign, rest = "-" if paise < 0 else "", abs(paise)
    return f"{sign}{rest // PAISE_PER_RUPEE}.{rest % PAISE_PER_RUPEE:02d}"


def parse_rupees(text: str) -> int:
    """What a person typed, such as `100` or `99.5`, in paise. Only plain ASCII digits: anything else could be misread.

    `₹1,00,000`, `1 000` and `१००` could each be a slip of the hand: they are refused, with what to write instead.

    Raises:
        InvalidAmount: with words that say what to type instead.
    """
    found = _PLAIN.fullmatch(text)
    if found:
        paise = int(found[1]) * PAISE_PER_RUPEE + int((found[2] or "").ljust(2, "0"))
        if paise == 0:
            raise errors.AmountTooSmall
        if paise > MAX_AMOUNT_PAISE:
            raise errors.AmountTooLarge
        return paise
    if text.startswith("-") and _PLAIN.fullmatch(text[1:]):
        raise errors.AmountTooSmall
    if _TOO_LONG.fullmatch(text):
        raise errors.AmountTooLarge
    if _MORE_DECIMALS.fullmatch(text):
        raise errors.InvalidAmount("A paisa is the smallest part: two digits after the point at most.")
    plain = re.sub(r"[₹,\s]", "", _in_ascii_digits(text))
    if plain != text and _PLAIN.fullmatch(plain):
        raise errors.InvalidAmount(f"Write {plain} instead of {text.strip()}: only digits, and a point before paise.")
    raise errors.InvalidAmount


def _in_ascii_digits(text: str) -> str:
    """`१००` as `100`, and so with the digits of every script."""
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
