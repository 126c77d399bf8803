"""The event socket of a session: text frames are JSON, binary ones label blocks. Nothing is read from it."""

from anyio import CancelScope, create_task_group
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from isegformer.errors import IsegformerError
from isegformer.server import wire
from isegformer.server.events import Frame, Watcher
from isegformer.server.problems import problem_of
from isegformer.server.services import CurrentServices
from isegformer.server.threads import in_thread

router = APIRouter(prefix="/sessions/{session}", tags=["events"])

TRY_AGAIN_LATER = 1013


@router.websocket("/events")
async def events(socket: WebSocket, session: str, services: CurrentServices) -> None:
    """Tell all that happens in a session, beginning with how it is now."""
    await socket.accept()
    try:
        hub = await in_thread(lambda: services.sessions.hub(session))
    except IsegformerError as error:
        await _refuse(socket, error)
        return
    watcher = hub.watch()  # before the state is read: what happens meanwhile is told after it
    try:

        def state() -> str:
            with services.sessions.lease(session) as live:
                document = live.document().model_dump(mode="json")
            return wire.to_text({"type": "state", "session": document})

        await socket.send_text(await in_thread(state))
        await _tell(socket, watcher)
    except IsegformerError as error:
        await _refuse(socket, error)
    except WebSocketDisconnect:
        pass
    finally:
        hub.leave(watcher)


async def _refuse(socket: WebSocket, error: IsegformerError) -> None:
    document = problem_of(error).model_dump(mode="json")
    await socket.send_text(wire.to_text({"type": "problem", "problem": document}))
    await socket.close()


async def _tell(socket: WebSocket, watcher: Watcher) -> None:
    """Send frames until the client leaves, the watch ends, or the client was too slow."""
    async with create_task_group() as group:
        group.start_soon(_wait_for_leave, socket, group.cancel_scope)
        async for frame in watcher.frames():
            await _send(socket, frame)
        group.cancel_scope.cancel()
        with CancelScope(shield=True):
            await socket.close(TRY_AGAIN_LATER)


async def _send(socket: WebSocket, frame: Frame) -> None:
    try:
        if isinstance(frame, str):
            await socket.send_text(frame)
        else:
            await socket.send_bytes(frame)
    except WebSocketDisconnect:
        pass  # `_wait_for_leave` hears of it too


async def _wait_for_leave(socket: WebSocket, telling: CancelScope) -> None:
    """Read and forget what a client sends, until it leaves."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    telling.cancel()
