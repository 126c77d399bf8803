import threading

from isegformer.server.device_turns import DeviceTurns


def test_turns_come_in_the_order_of_asking():
    turns, order, asked = DeviceTurns(), [], []

    def take(name):
        with turns:
            order.append(name)

    with turns:
        threads = []
        for name in "abc":
            threads.append(threading.Thread(target=take, args=(name,)))
            threads[-1].start()
            asked.append(name)
            while turns.waiting < len(asked):
                pass
        order.append("first")
    for thread in threads:
        thread.join(30)
    assert order == ["first", "a", "b", "c"]


def test_passing_on_lets_those_go_first_who_wait():
    turns, order = DeviceTurns(), []

    def take():
        with turns:
            order.append("short")

    with turns:
        order.append("long 1")
        turns.pass_on()
        order.append("long 2")
        thread = threading.Thread(target=take)
        thread.start()
        while turns.waiting == 0:
            pass
        turns.pass_on()
        order.append("long 3")
    thread.join(30)
    assert order == ["long 1", "long 2", "short", "long 3"]


def test_an_error_in_a_turn_hands_it_on():
    turns = DeviceTurns()
    try:
        with turns:
            raise ValueError
    except ValueError:
        pass
    entered = False
    with turns:  # would wait for ever
        entered = True
    assert entered
    assert turns.waiting == 0
