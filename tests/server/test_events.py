import asyncio
import threading

from isegformer.server.events import Hub


async def collected(watcher):
    return [frame async for frame in watcher.frames()]


def test_watchers_get_all_frames_in_order_from_any_thread():
    async def scene():
        hub = Hub()
        watchers = [hub.watch(), hub.watch()]
        thread = threading.Thread(target=lambda: [hub.publish(f"{number}") for number in range(50)])
        thread.start()
        await asyncio.to_thread(thread.join)
        hub.close()
        return [await collected(watcher) for watcher in watchers]

    expected = [f"{number}" for number in range(50)]
    assert asyncio.run(scene()) == [expected, expected]


def test_who_falls_behind_is_dropped_and_nobody_waits():
    async def scene():
        hub = Hub(most_waiting=3)
        slow, quick = hub.watch(), hub.watch()
        got = []

        async def read():
            async for frame in quick.frames():
                got.append(frame)

        reading = asyncio.create_task(read())
        for number in range(6):
            hub.publish(b"%d" % number)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        hub.close()
        await reading
        return await collected(slow), slow.is_dropped, got, quick.is_dropped

    frames, is_dropped, got, is_quick_dropped = asyncio.run(scene())
    assert (frames, is_dropped) == ([], True)
    assert (got, is_quick_dropped) == ([b"0", b"1", b"2", b"3", b"4", b"5"], False)


def test_who_left_is_told_nothing():
    async def scene():
        hub = Hub()
        watcher = hub.watch()
        assert hub.is_watched
        hub.leave(watcher)
        hub.publish("late")
        await asyncio.sleep(0)
        return hub.is_watched, watcher

    is_watched, watcher = asyncio.run(scene())
    assert not is_watched
    assert watcher.waiting == 0
