"""Who may ask what: checked before anything else looks at a request.

- Host: only the names under which the server is known, or a page elsewhere could point its own name at this
  machine (DNS rebinding).
- Origin and Sec-Fetch-Site: what changes something, and every WebSocket, must come from our own pages or from
  a program that is no browser.
- Token: `Authorization: Bearer`, or the cookie that `GET /?token=...` sets; compared in constant time with
  the tokens of all users. The files of the browser app need none, they hold nothing.
- Size: no body is read further than the limits.

Answers carry a content security policy that allows our own files and nothing from elsewhere.
"""

import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isegformer.errors import LimitError
from isegformer.server.problems import problem, problem_of, response_of
from isegformer.server.refusal_page import refusal_page
from isegformer.server.settings import ServerSettings

COOKIE = "isegformer_token"
USER_KEY = "isegformer.user"
"""Key of the scope under which handlers find the name of the user."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MULTIPART_BYTES = 64 * 1024
"""What boundaries and headers may add to an upload."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
POLICY_VIOLATION = 1008


@dataclass(frozen=True, kw_only=True)
class PathAccess:
    """Paths with rules of their own."""

    public: frozenset[str] = frozenset()
    """May be read without a token; nothing of the users' may lie there."""
    sign_in: frozenset[str] = frozenset()
    """How programs get a token, and so without one."""
    visitor: tuple[str, ...] = ()
    """Beginnings of the paths that the settings' visitor may use without a token."""
    upload: frozenset[str] = frozenset({"/api/scans"})
    """Take bodies as large as uploads may be; without the slash at the end, `*` stands for anything."""


class SecurityMiddleware:
    """Checks every request and WebSocket of an application.

    Parameters
    ----------
    access : which paths are looked at with other eyes
    """

    def __init__(self, app: ASGIApp, *, settings: ServerSettings, access: "PathAccess | None" = None) -> None:
        self._app = app
        self._settings = settings
        self._access = access or PathAccess()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is not None:
            await _answer(answer, scope, receive, send)
            return
        if scope["type"] == "http":
            receive = _limited(receive, self._most_bytes(scope))
            send = _with_headers(send)
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not passed on; notes the user of one that is."""
        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._settings.allowed_hosts:
            return response_of(_UNKNOWN_HOST)
        if _is_cross_site(scope, headers, friends=self._settings.origins):
            return response_of(_CROSS_SITE)
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            signed_in = self._signed_in(scope)
            if signed_in is not None:
                return signed_in
        scope[USER_KEY] = _user(_token(headers), self._settings.users) or self._visitor(scope)
        if scope[USER_KEY] is None and not self._is_public(scope):
            return response_of(_NO_TOKEN, {"WWW-Authenticate": 'Bearer realm="isegformer"'})
        if scope["type"] == "http" and _claimed_bytes(headers) > self._most_bytes(scope):
            return response_of(problem_of(_too_large(self._most_bytes(scope))))
        return None

    def _is_public(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return False
        is_page = scope["method"] in SAFE_METHODS and scope["path"] in self._access.public
        return is_page or scope["path"] in self._access.sign_in

    def _visitor(self, scope: Scope) -> str | None:
        may_visit = scope["type"] == "http" and scope["path"].startswith(self._access.visitor)
        return self._settings.visitor if may_visit else None

    def _signed_in(self, scope: Scope) -> Response | None:
        """Return the answer that turns a token in the address into a cookie; None without such a token."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if "token" not in query:
            return None
        token = query.pop("token")[-1]
        if _user(token, self._settings.users) is None:
            return refusal_page()
        rest = urlencode(query, doseq=True)
        answer = RedirectResponse(f"/?{rest}" if rest else "/", status_code=303)
        answer.set_cookie(
            COOKIE, token, httponly=True, samesite="strict", secure=scope.get("scheme") == "https", path="/"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _most_bytes(self, scope: Scope) -> int:
        limits = self._settings.limits
        path = scope["path"].rstrip("/")
        if any(fnmatchcase(path, form) for form in self._access.upload):
            return limits.upload_bytes + _MULTIPART_BYTES
        return limits.body_bytes


_UNKNOWN_HOST = problem(
    421,
    name="host",
    title="The server is not known by this name",
    detail="the Host header has a name that this server does not have",
    advice="Use the address that the server printed, or start it with --host-name NAME.",
)
_CROSS_SITE = problem(
    403,
    name="cross-site",
    title="Pages from elsewhere may not use this server",
    detail="the request was sent by a page of another site",
)
_NO_TOKEN = problem(
    401,
    name="token",
    title="Who are you?",
    detail="the request has no valid token",
    advice="Open the address with the token that the server printed, or send Authorization: Bearer TOKEN.",
)


def _host_name(host: str) -> str:
    """Return the name in a Host header, lower case, without port and brackets."""
    match = _HOST.fullmatch(host)
    return "" if match is None else match.group(1).strip("[]").rstrip(".").lower()


def _is_cross_site(scope: Scope, headers: Headers, *, friends: Collection[str]) -> bool:
    """Whether a page of another site sent a request that changes something, or opened a WebSocket.

    Parameters
    ----------
    friends : other sites whose pages may
    """
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return False
    if headers.get("origin") in friends:
        return False
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False  # no browser: those always send it here
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:  # no address
        return True


def _token(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _user(token: str, users: Mapping[str, str]) -> str | None:
    """Return whose token it is; all are compared, so that time tells nothing."""
    found = None
    for name, known in users.items():
        if hmac.compare_digest(token.encode("utf-8", "surrogateescape"), known.encode()):
            found = name
    return found


def _claimed_bytes(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _too_large(limit: int) -> LimitError:
    return LimitError(f"the request has more than {limit} bytes, which is all that is taken")


def _limited(receive: Receive, limit: int) -> Receive:
    """Return `receive`, which gives up once a body is longer than `limit`."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, str(_too_large(limit)))  # parsers of bodies let this kind pass
        return message

    return limited


def _with_headers(send: Send) -> Send:
    """Return `send`, which adds the headers that every answer has."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if "etag" not in headers:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return adding


async def _answer(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        return
    await answer(scope, receive, _with_headers(send))
