"""Clients that connect and say nothing, and too many of them."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from server_fakes import TOKEN

from isegformer.server import connections
from isegformer.server.connections import GuardedProtocol

REQUEST = b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port():
    """Return the port of a server with the protocol of ours."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=GuardedProtocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join()
    bound.close()


@contextmanager
def client(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connected:
        yield connected


def ask(connected):
    """Return the answer to a request; nothing where the connection was closed."""
    connected.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"ok") and (part := connected.recv(1000)):
        answer += part
    return answer[:12]


def test_who_asks_too_slowly_is_let_go(port, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_PATIENCE_S", 0.2)
    with client(port) as silent, client(port) as slow:
        slow.sendall(REQUEST[:20])
        assert (silent.recv(100), slow.recv(100)) == (b"", b"")
    with client(port) as asking:
        assert ask(asking) == b"HTTP/1.1 200"


def test_who_asks_once_and_then_too_slowly_is_let_go(port, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_PATIENCE_S", 0.2)
    with client(port) as slow:
        assert ask(slow) == b"HTTP/1.1 200"
        slow.sendall(REQUEST[:20])
        assert slow.recv(100) == b""


def test_too_many_at_once_are_let_go_and_others_are_answered_afterwards(port, monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    with ExitStack() as stack:
        first = [stack.enter_context(client(port)) for _ in range(3)]
        assert [ask(kept) for kept in first] == [b"HTTP/1.1 200"] * 3
        with client(port) as refused:
            assert refused.recv(100) == b""
        assert ask(first[0]) == b"HTTP/1.1 200"
    end_s = time.monotonic() + 10
    while True:  # the server hears a moment later that they have left
        with client(port) as later:
            try:
                if ask(later) == b"HTTP/1.1 200":
                    break
            except ConnectionError:
                pass
        assert time.monotonic() < end_s


def test_a_process_may_open_as_many_files_as_it_needs(monkeypatch):
    resource = pytest.importorskip("resource")
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: asked.append(limits))
    for soft, hard in ((256, 4096), (1024, resource.RLIM_INFINITY), (20_000, 20_000)):
        monkeypatch.setattr(resource, "getrlimit", lambda which, found=(soft, hard): found)
        connections.allow_more_files()
    assert asked == [(4096, 4096), (8192, resource.RLIM_INFINITY)]
