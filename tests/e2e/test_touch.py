"""A screen that is touched: taps click, two fingers zoom, and what a mouse does otherwise is on buttons."""


def _pinch(tab, x: float, y: float, *, apart: tuple[int, int]) -> None:
    """Move two fingers around a point from one distance to another."""
    devtools = tab.context.new_cdp_session(tab.page)

    def touch(kind: str, distance: float) -> None:
        points = [{"x": x + side * distance / 2, "y": y, "id": side + 1} for side in (-1, 1)]
        touches = [] if kind == "touchEnd" else points
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    first, last = apart
    touch("touchStart", first)
    for step in range(1, 6):
        touch("touchMove", first + (last - first) * step / 5)
    touch("touchEnd", last)
    tab.quiet()


def test_the_app_can_be_used_with_fingers_alone(server, open_tab):
    tab = open_tab(has_touch=True)
    tab.page.goto(server.signed_in)
    tab.page.tap(".scan-name >> nth=0")
    tab.page.wait_for_selector(".slice-canvas")
    tab.page.tap("button[aria-label=Axial]")
    tab.quiet()
    x, y = tab.bright_spot()

    tab.page.touchscreen.tap(x, y)
    tab.quiet()
    painted = tab.painted_pixels()
    assert painted > 2000
    assert len(server.session()["clicks"]) == 1

    _pinch(tab, x, y, apart=(80, 160))
    assert tab.painted_pixels() > 2 * painted
    assert len(server.session()["clicks"]) == 1, "two fingers zoom, they do not click"
    tab.picture("touch_zoomed")

    tab.page.tap("button:has-text('Accept slice')")
    tab.quiet()
    assert len(server.session()["accepted"]) == 1
    tab.page.tap("button:has-text('Propagate')")
    tab.wait_for_notice("Propagation is done.")
    tab.page.tap("button[aria-label=Undo]")
    tab.quiet()
    tab.page.tap("header button:has-text('Export')")
    tab.page.wait_for_selector("dialog[open]")
