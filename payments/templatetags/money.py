"""`{% load money %}{{ amount_paise|rupees }}`"""

from django import template

from payments.money import format_rupees

register = template.Library()


@register.filter
def rupees(paise: int | None) -> str:
    """Paise as `₹1,00,000.00`; nothing for None."""
    return "" if paise is None else format_rupees(paise)
