from detectors.spate import DAY_S, MOST, Spate


def test_what_happens_to_many_things_teaches_a_day_later() -> None:
    spate = Spate(0.002, 500.0)
    before = spate.sureness()
    for thing in range(30):
        spate.learn(thing, 12.0 * thing)
    assert spate.count(99, 400.0) == 31
    assert spate.sureness() == before
    spate.learn(None, DAY_S + 1.0)
    assert spate.sureness() < 0.3 * before
    assert spate.count(99, 2 * DAY_S) == 1


def test_what_happens_to_one_thing_over_and_over_teaches_at_once() -> None:
    quirk, many = Spate(0.002, 500.0), Spate(0.002, 500.0)
    for n in range(200):
        quirk.learn(7, float(n))
        many.learn(n, float(n))
    assert quirk.sureness() < 0.1
    assert many.sureness() < 0.2 and len(many.times) == MOST


def test_it_is_remembered_for_a_day_and_no_longer() -> None:
    spate = Spate(0.002, 500.0)
    spate.learn(1, 0.0)
    spate.learn(2, 0.5 * DAY_S)
    assert spate.count(3, 0.9 * DAY_S) == 3
    assert spate.count(3, 1.1 * DAY_S) == 2
    spate.learn(None, 1.6 * DAY_S)
    assert list(spate.times) == []
