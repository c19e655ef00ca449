"""django-rq's pages under the Content-Security-Policy: the few inline blocks that they ship are allowed by hash."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import django_rq
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

PATHS = ("/admin/rq/", "/admin/django_rq/")
_INLINE_BLOCK = re.compile(r"<(style|script)\b[^>]*>(.+?)</\1>", re.DOTALL)


@cache
def inline_block_hashes() -> dict[str, list[str]]:
    """The policy's sources for the blocks in django-rq's templates, by directive (CSP Level 3, hash-source)."""
    sources: dict[str, list[str]] = {"style-src": [], "script-src": []}
    for path in sorted((Path(django_rq.__file__).parent / "templates").rglob("*.html")):
        for kind, text in _INLINE_BLOCK.findall(path.read_text()):
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            source = f"'sha256-{digest}'"
            if source not in sources[f"{kind}-src"]:
                sources[f"{kind}-src"].append(source)
    return sources


class DashboardPolicyMiddleware(MiddlewareMixin):
    """Lets django-rq's pages, which are for staff, use their own inline blocks and no others."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(PATHS):
            # What django-csp's csp_update decorator sets; the pages are not ours to decorate.
            response._csp_update = inline_block_hashes()  # type: ignore[attr-defined]
        return response
