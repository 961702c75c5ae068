"""The ledger at a real Kafka: everything is sealed, once, whatever happens to it."""

import random
import shutil
import time
from pathlib import Path

import pytest

from streams.evidence import topic
from streams.evidence.folder import Folder
from streams.evidence.ledger import Ledger
from streams.evidence.link import read
from streams.evidence.shelf import FolderError
from streams.evidence.topic import TopicError
from streams.telemetry.evidence import Link
from tests.evidence.desk import PUBLIC, SITES, Desk, copied, sealing, verified
from tests.processes import wait

pytestmark = pytest.mark.long


def links(desk: Desk, chain: str) -> list[Link]:
    return [read(line) for line in Folder(desk.folder).shelf(chain).all()]


def test_everything_is_sealed_once_on_the_topic_and_in_the_folder(desk: Desk) -> None:
    assert desk.sealed() == desk.there()
    published = list(topic.links(desk.settings))
    for chain in Folder(desk.folder).chains():
        own = [line for name, line in published if name == chain]
        assert own == list(Folder(desk.folder).shelf(chain).all())
        assert [link.number for link in links(desk, chain)] == list(range(len(own)))
    code, out, err = verified(desk.folder, "--key", PUBLIC, "--topic", "--brokers", desk.settings.brokers)
    assert (code, len(out.split())) == (0, 3), err
    assert "all as it was sealed" in err


def test_what_was_found_decided_and_done_is_kept_whole(desk: Desk) -> None:
    text = "".join(file.read_text() for file in desk.folder.glob("*/*/*/*/*.records"))
    for word in ("findings ", "incidents ", "commands ", "control.verdicts ", "control.maintenance ", "control.items "):
        assert f"\n{word}" in f"\n{text}"
    assert {"control.items", "control.watchlist"} <= {
        span.topic for link in links(desk, "platform") for span in link.spans
    }


def test_telemetry_is_kept_around_an_incident_and_only_there(desk: Desk) -> None:
    kept = {site: list((desk.folder / site).glob("*/*/*/*.telemetry")) for site in SITES}
    assert sum(file.read_bytes().count(b"\ntelemetry.") + 1 for file in kept[SITES[0]]) == 120
    assert kept[SITES[1]] == []
    last = links(desk, SITES[0])[-1]
    assert (last.open, last.whole_from) == (["inc-1"], 0)
    assert links(desk, SITES[1])[-1].whole_from is None


def test_telemetry_that_nobody_asked_for_goes(desk: Desk) -> None:
    now = time.time()
    recent = desk.folder / "recent" / "DE-20-HAMBURG"
    desk.telemetry("DE-20-HAMBURG", 10, now - 7200)
    desk.seal(keep_before_h=1)
    assert len(list(recent.rglob("*.telemetry"))) == 1
    desk.telemetry("DE-20-HAMBURG", 10, now)
    desk.seal(keep_before_h=1)
    (left,) = recent.rglob("*.telemetry")
    desk.incident("DE-20-HAMBURG", "inc-2")
    desk.seal(keep_before_h=1)
    desk.incident("DE-20-HAMBURG", "inc-2", "closed", 2)
    desk.telemetry("DE-20-HAMBURG", 10)
    desk.seal()
    desk.telemetry("DE-20-HAMBURG", 10)
    desk.seal()
    chain = links(desk, "DE-20-HAMBURG")
    assert [link.whole_from for link in chain] == [None, None, 1, 1, None]
    kept = {int(file.stem) for file in (desk.folder / "DE-20-HAMBURG").rglob("*.telemetry")}
    assert kept == {int(left.stem), 3}
    assert verified(desk.folder, "--key", PUBLIC)[0] == 0


def test_killed_again_and_again_it_loses_and_doubles_nothing(desk: Desk, tmp_path: Path) -> None:
    dice = random.Random(7)
    for round_ in range(4):
        with desk.process(tmp_path / "log") as running:
            end = time.monotonic() + 1.6 + dice.random()
            while time.monotonic() < end:
                for site in (*SITES, "DE-20-HAMBURG"):
                    desk.telemetry(site, 20)
                desk.everything(dice.choice(SITES))
                desk.incident(SITES[1], "inc-3", dice.choice(["open", "closed"]), round_)
                desk.flush()
                time.sleep(0.02)
            running.kill()
            running.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()
    desk.seal()
    assert desk.sealed() == desk.there()
    code, _, err = verified(desk.folder, "--key", PUBLIC, "--topic", "--brokers", desk.settings.brokers)
    assert code == 0, err


def test_what_a_kill_left_behind_is_taken_away(desk: Desk) -> None:
    shelf = Folder(desk.folder).shelf(SITES[0])
    day = shelf.days()[-1]
    before = list(shelf.all())
    with (shelf.path / f"{day}.leaves").open("ab") as file:
        file.write(bytes(96))
    (shelf.path / day / f"{len(before)}.records").write_bytes(b"half a rec")
    (shelf.path / day / f"{len(before)}.partial").write_bytes(b"")
    with (shelf.path / f"{day}.links").open("ab") as file:
        file.write(before[-1][:100])
    desk.telemetry(SITES[0], 5)
    desk.seal()
    assert list(shelf.all())[:-1] == before
    assert desk.sealed() == desk.there()
    assert verified(desk.folder, "--key", PUBLIC)[0] == 0


def test_what_was_filed_and_not_published_is_published_at_the_next_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_: object) -> None:
        raise TopicError("killed here")

    desk.telemetry(SITES[0], 5)
    desk.flush()
    folder = Folder(desk.folder)
    folder.claim()
    working = Ledger(desk.settings, folder)
    working.open()
    monkeypatch.setattr(working._publisher, "publish", break_off)
    with pytest.raises(TopicError):
        working.run(lambda: True)
    working.close()
    folder.release()
    shelf = Folder(desk.folder).shelf(SITES[0])
    behind = [line for chain, line in topic.links(desk.settings) if chain == SITES[0]]
    assert behind == list(shelf.all())[:-1]
    desk.seal()
    assert [line for chain, line in topic.links(desk.settings) if chain == SITES[0]] == list(shelf.all())


def test_a_second_ledger_is_refused_and_one_with_a_copy_shuts_the_first_out(desk: Desk, tmp_path: Path) -> None:
    behind = copied(desk.folder, tmp_path / "behind")
    desk.telemetry(SITES[0], 5)
    desk.seal()
    copy = copied(desk.folder, tmp_path / "copy")
    with desk.process(tmp_path / "first") as first:
        wait(lambda: "seals into" in (tmp_path / "first").read_text())
        with pytest.raises(FolderError, match="another ledger seals into"):
            Folder(desk.folder).claim()
        with desk.process(tmp_path / "second", folder=copy) as second:
            wait(lambda: "seals into" in (tmp_path / "second").read_text())
            desk.telemetry(SITES[0], 5)
            desk.flush()
            assert first.wait(60) == 70
            assert "another ledger has taken over" in (tmp_path / "first").read_text()
            second.terminate()
            assert second.wait(60) == 0
    # From here on the copy is the folder; the old one has a link that nobody knows, the oldest lacks one.
    for stale in (desk.folder, behind):
        desk_then = Ledger(desk.settings, folder := Folder(stale))
        folder.claim()
        with pytest.raises(TopicError, match="another ledger has gone on"):
            desk_then.open()
        folder.release()
    shutil.rmtree(desk.folder)
    copy.rename(desk.folder)
    desk.seal()
    assert desk.sealed() == desk.there()


def test_a_key_is_handed_on(desk: Desk, tmp_path: Path) -> None:
    new = tmp_path / "new.pem"
    code, digits, _ = sealing("keygen", "--key", new)
    assert (code, new.stat().st_mode & 0o777) == (0, 0o600)
    assert sealing("keygen", "--key", new)[0] == 2
    for _ in range(2):  # as often as one likes
        assert sealing("rotate", "--folder", desk.folder, "--key", desk.key, "--to", new)[0] == 0
    with pytest.raises(FolderError, match="hand it on with `tocsin ledger rotate`"):
        desk.seal()
    desk.telemetry("ES-08-REUS", 5)
    desk.telemetry(SITES[0], 5)
    desk.seal(ledger_key=new.read_text())
    assert links(desk, SITES[0])[-1].key == digits.strip()
    code, _, err = verified(desk.folder, "--key", PUBLIC, "--topic", "--brokers", desk.settings.brokers)
    assert code == 0, err
    assert verified(desk.folder, "--key", digits.strip())[0] == 1


def test_it_says_what_it_lacks(tmp_path: Path) -> None:
    assert "tocsin ledger keygen" in sealing("--folder", tmp_path)[2]
    (tmp_path / "odd").write_text("no key")
    answer = sealing("--folder", tmp_path, "--key", tmp_path / "odd")
    assert answer[0] == 2
    assert "no private key" in answer[2]
