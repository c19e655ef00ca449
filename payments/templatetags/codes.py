"""`{% load codes %}{{ data.code_id|transfer_code }}`: the digits of a one-time code, made only where they are sent."""

from django import template

from payments.models import TransferCode

register = template.Library()


@register.filter
def transfer_code(code_id: str) -> str:
    """The six digits; dots for a code that is gone, and in the staff's preview."""
    code = TransferCode.objects.select_related("draft").filter(pk=code_id).first()
    return code.digits if code else "••••••"
