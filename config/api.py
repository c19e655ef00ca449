"""The API: every app's router under /api/, OpenAPI at /api/openapi.json, refusals as problem+json (RFC 9457)."""

from math import ceil
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema

from config.problems import PROBLEM_SCHEMA, problem
from config.throttling import FleetRateThrottle
from judge.api import router as judge_router
from notifications.errors import AppError
from payments.api import router as payments_router


class ChowkAPI(NinjaAPI):
    """Describes what every call may be answered besides its own: a problem."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
        refused = {
            "description": "Refused, and nothing has moved: `code` says why.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"]["default"] = refused
        return schema


api = ChowkAPI(
    title="Chowk",
    version="1",
    description="Amounts are whole paise. Every refusal is problem+json with a stable `code`.",
    docs_url=None,
    urls_namespace="api",
    throttle=[FleetRateThrottle(settings.API_RATE)],
)
api.add_router("", payments_router)
api.add_router("/judge", judge_router)


@api.exception_handler(AppError)
def refused(request: HttpRequest, error: AppError) -> HttpResponse:
    response = problem(error.status, error.code, str(error), **error.details)
    if "retry_after" in error.details:
        response["Retry-After"] = str(error.details["retry_after"])
    return response


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [{"field": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors]
    return problem(422, "invalid_request", "Some fields are missing or not what they should be.", errors=faults)


@api.exception_handler(Throttled)
def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    response = problem(429, "too_many_requests", "Too many calls at once. Try again in a moment.")
    response["Retry-After"] = str(max(1, ceil(error.wait or 0)))
    return response


@api.exception_handler(HttpError)
def failed(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "bad_request", str(error))


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Left to Django, which writes it down; UnavailableMiddleware then answers with a problem."""
    raise error
