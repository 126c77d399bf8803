"""Nothing is lost when the server is killed, and two people see the same."""

import numpy as np


def test_a_server_killed_while_it_propagates_comes_back_to_the_same_state(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.click(*tab.bright_spot())
    tab.press("Enter")
    before, labels, painted = server.session(), server.labels(), tab.painted_pixels()

    tab.start_propagation(then=server.kill)
    tab.page.wait_for_selector(".banner:has-text('The server does not answer')")
    tab.picture("7_server_gone")
    server.start()
    tab.page.wait_for_selector(".banner", state="hidden")
    tab.quiet()

    after = server.session()
    same = ("seq", "objects", "accepted", "clicks", "can_undo", "can_redo", "job")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert np.array_equal(server.labels(), labels)
    assert abs(tab.painted_pixels() - painted) < 0.02 * painted
    tab.press("ArrowUp")
    assert tab.painted_pixels() == 0


def test_a_click_made_while_the_server_is_away_is_not_lost(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    x, y = tab.bright_spot()
    server.kill()
    tab.page.wait_for_selector(".banner:has-text('The server does not answer')")
    tab.page.mouse.click(x, y)
    server.start()
    tab.page.wait_for_selector(".banner", state="hidden")
    tab.quiet()
    assert tab.painted_pixels() > 2000


def test_a_reloaded_tab_shows_the_same(server, open_tab):
    tab = open_tab()
    tab.open_scan(server.signed_in)
    tab.click(*tab.bright_spot())
    painted = tab.painted_pixels()
    tab.page.reload()
    tab.page.wait_for_selector(".slice-canvas")
    tab.press("3")
    assert abs(tab.painted_pixels() - painted) < 0.02 * painted


def test_two_tabs_on_one_session_show_the_same(server, open_tab):
    one, other = open_tab(), open_tab()
    one.open_scan(server.signed_in)
    other.open_scan(server.signed_in)
    one.click(*one.bright_spot())
    other.page.wait_for_selector(".object-name:has-text('Object 1')")
    other.quiet()
    painted = one.painted_pixels()
    assert abs(other.painted_pixels() - painted) < 0.02 * painted
    other.press("Control+z")
    one.page.wait_for_function("() => document.querySelector('.object-name .number').textContent === '0 ml'")
    one.quiet()
    assert one.painted_pixels() == 0


def test_two_people_see_each_others_work_and_history_tells_them_apart(server, open_tab):
    anna, ben = open_tab(), open_tab()
    anna.open_scan(server.signed_in)
    ben.open_scan(server.signed_in_as_ben)
    anna.click(*anna.bright_spot())
    ben.page.wait_for_selector(".object-name:has-text('Object 1')")
    ben.quiet()
    painted = anna.painted_pixels()
    assert abs(ben.painted_pixels() - painted) < 0.02 * painted

    ben.press("Enter")
    anna.page.wait_for_selector("button:has-text('Reopen slice')")
    entries = server.json(f"sessions/{server.scan_id()}/history")["entries"]
    assert [(entry["type"], entry["user"]) for entry in entries] == [
        ("AddObject", "anna"),
        ("AddClick", "anna"),
        ("AcceptSlice", "ben"),
    ]
    anna.page.goto(f"{server.address}/")
    anna.page.wait_for_selector(".start-head:has-text('anna')")
    ben.page.goto(f"{server.address}/")
    ben.page.wait_for_selector(".start-head:has-text('ben')")
