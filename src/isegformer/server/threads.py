"""From the event loop to threads and back: nothing that reads, computes or waits may run in the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from anyio import to_thread

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """Return what `function` returns, called in a thread."""
    return await to_thread.run_sync(function)


async def finished(future: Future[T]) -> T:
    """Wait for the result of work elsewhere; the work goes on if whoever waits goes away."""
    return await asyncio.shield(asyncio.wrap_future(future))
