"""Programs that call the API."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from config.tokens import issue_token


def token_for(user: User, *scopes: str, **lifetime: int) -> str:
    return issue_token(
        user=user,
        scopes=list(scopes) or ["wallet:read", "wallet:transfer"],
        lifetime=timedelta(**(lifetime or {"days": 1})),
    )


class Caller:
    """Calls the API with a token, as a program does."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        return self.client.get(f"/api{path}", headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = "k") -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key is not None else {})}
        content = body if isinstance(body, str) else json.dumps(body or {})
        return self.client.post(f"/api{path}", content, content_type="application/json", headers=headers)
