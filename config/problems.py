"""Refusals for programs, as problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, JsonResponse

PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "RFC 9457, with a stable `code`; some codes bring more, such as `retry_after` or `tries_left`.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people"},
        "code": {"type": "string", "description": "For programs"},
    },
    "required": ["type", "title", "status", "detail", "code"],
    "additionalProperties": True,
}


def problem(status: int, code: str, detail: str, **more: Any) -> HttpResponse:
    """A refusal: `code` is stable, `detail` is for people."""
    body = {
        "type": f"urn:chowk:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response
