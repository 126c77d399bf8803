"""Who may ask what: other hosts, other sites and other people get nothing."""

import pytest
from server_fakes import OTHER_TOKEN, TOKEN, fake_networks, make_settings
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from isegformer.server import create_app
from isegformer.server.security import COOKIE, HEADERS

ABOUT = "/api/about"


@pytest.fixture
def stranger(serve):
    """Return a client without a token."""
    return serve(token=None)


def cookie(token=TOKEN):
    return {"Cookie": f"{COOKIE}={token}"}


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "10.0.0.1", "", "[", "a@testserver:x"]
)
def test_a_name_that_points_here_from_elsewhere_is_refused(client, host):
    answer = client.get(ABOUT, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:isegformer:problem:host"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8765", "[::1]:9", "TestServer", "testserver.:80"])
def test_the_names_of_this_machine_are_taken_with_any_port(client, host):
    assert client.get(ABOUT, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        cookie(TOKEN[:-1]),
        cookie(""),
    ],
    ids=["none", "wrong", "kind", "short", "empty"],
)
@pytest.mark.parametrize(
    "address", [ABOUT, "/api/openapi.json", "/api/nothing", "/info/", "/api/scans/x/volume.nii.gz"]
)
def test_without_a_token_nothing_is_told(stranger, headers, address):
    answer = stranger.get(address, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:isegformer:problem:token"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("headers", "name"),
    [({"Authorization": f"Bearer {TOKEN}"}, "eva"), (cookie(), "eva"), (cookie(OTHER_TOKEN), "ben")],
)
def test_a_token_says_who_asks(stranger, headers, name):
    assert stranger.get(ABOUT, headers=headers).json()["user"] == name


def test_the_token_of_the_address_becomes_a_cookie_that_scripts_cannot_read(stranger):
    answer = stranger.get(f"/?token={TOKEN}&scan=abc", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?scan=abc"
    assert answer.headers["cache-control"] == "no-store"
    stored = answer.headers["set-cookie"].lower()
    assert "httponly" in stored
    assert "samesite=strict" in stored
    assert stranger.get(ABOUT).json()["user"] == "eva"


def test_a_wrong_token_in_the_address_sets_no_cookie_and_is_told_to_a_person(stranger):
    answer = stranger.get("/?token=wrong<b>", follow_redirects=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "does not sign you in" in answer.text
    assert "Each start prints a new address" in answer.text
    assert "wrong" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Origin": "http://testserver:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_other_sites_change_nothing(client, headers, method, scan_ids):
    answer = client.request(method, "/api/sessions", json={"scan": scan_ids["a.nii.gz"]}, headers=headers)
    assert answer.status_code == 403
    assert client.get("/api/scans").json()["scans"][0]["session"] is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://testserver"}, {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}],
)
def test_our_own_pages_and_programs_change_things(client, headers, scan_ids):
    answer = client.post("/api/sessions", json={"scan": scan_ids["a.nii.gz"]}, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
        {"Authorization": "Bearer wrong"},
    ],
)
def test_sockets_of_other_sites_hosts_and_people_are_refused(client, session, headers):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{session}/events", headers=headers):
        pass


@pytest.mark.parametrize("address", ["/", ABOUT, "/api/nothing", "/?token=wrong"])
def test_every_answer_carries_the_policy(client, address):
    answer = client.get(address)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_bodies_are_read_no_further_than_the_limit(client, session):
    sent = []

    def stream():
        yield b'{"label": 1, "axis": 0, "index": 0, "runs": "'
        for _ in range(100):
            sent.append(1)
            yield b"A" * 10_000

    answer = client.post(f"{session}/paint", content=stream(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    claimed = client.post(f"{session}/paint", content=b"A" * 200_000)
    assert claimed.status_code == 413


def test_browser_files_are_read_without_a_token_and_nothing_beside_them(data_root, tmp_path):
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<p>app</p>")
    (static / "app.js").write_text("1")
    (tmp_path / "secret.txt").write_text("hidden words")
    app = create_app(make_settings(data_root), networks=fake_networks(), static=static)
    with TestClient(app) as stranger:
        assert stranger.get("/").text == "<p>app</p>"
        assert stranger.get("/app.js").text == "1"
        for address in ("/../secret.txt", "/%2e%2e/secret.txt", "/app.js/../../secret.txt"):
            assert "hidden" not in stranger.get(address, headers={"Authorization": f"Bearer {TOKEN}"}).text
