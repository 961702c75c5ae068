"""`tocsin verify` finds whatever was done to what was sealed, and says where."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from streams.evidence import keys
from streams.evidence import link as links
from streams.evidence.folder import Folder
from streams.evidence.record import leaves
from streams.evidence.track import Problem
from streams.evidence.verify import Copy
from streams.telemetry.evidence import Link
from tests.evidence.desk import PUBLIC, SITES, Desk, copied, verified

SITE = SITES[0]


@pytest.fixture(scope="module")
def sealed(desk: Desk) -> Path:
    """A folder that nobody touches, of some days."""
    for number in range(3):
        desk.telemetry(SITE, 20)
        desk.incident(SITE, "inc-1", "open", number + 2)
        desk.seal()
    return desk.folder


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    return copied(sealed, tmp_path / "copy")


def problems(folder: Path, *keys: str) -> list[Problem]:
    copy = Copy("the folder", [])
    copy.read_folder(Folder(folder), lambda _: None)
    copy.check_keys(keys or [PUBLIC])
    copy.check_heads()
    return copy.problems


def where(folder: Path) -> list[tuple[str, int | None, int | None]]:
    return [(one.site, one.link, one.record) for one in problems(folder)]


def files(folder: Path, kind: str, site: str = SITE) -> list[Path]:
    return sorted((folder / site).rglob(f"*.{kind}"), key=lambda file: file.stat().st_size)


def of(folder: Path, number: int, site: str = SITE) -> Link:
    return links.read(list(Folder(folder).shelf(site).all())[number])


def edit(file: Path, change: Callable[[list[bytes]], object]) -> None:
    """Change a file's list of records, or of links."""
    lined = file.suffix == ".links"
    parts = file.read_bytes().splitlines() if lined else list(leaves(file.read_bytes()))
    change(parts)
    file.write_bytes(b"".join(part + b"\n" for part in parts))


def test_as_it_was_sealed(folder: Path) -> None:
    assert problems(folder) == []


def test_every_changed_bit_is_found(folder: Path) -> None:
    dice = random.Random(3)
    every = [file for file in folder.rglob("*.*") if "recent" not in file.parts]
    assert {file.suffix for file in every} == {".links", ".leaves", ".records", ".telemetry"}
    for _ in range(150):
        file = dice.choice(every)
        data = bytearray(file.read_bytes())
        at = dice.randrange(len(data))
        data[at] ^= 1 << dice.randrange(8)
        before = file.read_bytes()
        file.write_bytes(data)
        found = problems(folder)
        assert found, f"byte {at} of {file}"
        assert file.is_relative_to(folder / found[0].site)
        if file.suffix in (".records", ".telemetry"):
            assert {one.link for one in found} == {int(file.stem)}
            assert all(one.record is not None for one in found)
        file.write_bytes(before)


def test_a_changed_word_is_found_in_its_record(folder: Path) -> None:
    file = files(folder, "records")[-1]
    edit(file, lambda records: records.__setitem__(2, records[2].replace(b"FR-93-DUGNY", b"FR-93-DUGNI")))
    (problem,) = problems(folder)
    assert problem == Problem(SITE, int(file.stem), 2, "it was changed")


@pytest.mark.parametrize("kind", ["records", "telemetry"])
def test_a_record_that_was_taken_out_or_put_in_is_found(folder: Path, kind: str) -> None:
    file = files(folder, kind)[-1]
    first = 0 if kind == "records" else of(folder, int(file.stem)).kept
    edit(file, lambda records: records.pop(3))
    assert problems(folder) == [Problem(SITE, int(file.stem), first + 3, "it was removed")]
    edit(file, lambda records: records.insert(1, records[0].replace(b"2026", b"2027")))
    assert where(folder) == [(SITE, int(file.stem), first + 3), (SITE, int(file.stem), first + 1)]
    file.unlink()
    assert [one.link for one in problems(folder)] == [int(file.stem)]


def test_two_records_that_were_swapped_are_found(folder: Path) -> None:
    file = files(folder, "records")[-1]
    edit(file, lambda records: records.__setitem__(slice(0, 2), records[1::-1]))
    assert where(folder) == [(SITE, int(file.stem), 0), (SITE, int(file.stem), 1)]
    assert "swapped" in problems(folder)[0].what


def test_hashes_that_were_removed_or_swapped_are_found(folder: Path) -> None:
    file = files(folder, "leaves", SITES[1])[-1]
    data = file.read_bytes()
    first = of(folder, 0, SITES[1]).count
    file.write_bytes(data[:32] + data[64:])
    assert where(folder) == [(SITES[1], 0, None)]
    file.write_bytes(
        data[: 32 * first] + data[32 * first + 32 :][:32] + data[32 * first :][:32] + data[32 * first + 64 :]
    )
    assert where(folder) == [(SITES[1], 1, None)]


def test_links_that_were_removed_swapped_or_doubled_are_found(folder: Path) -> None:
    file = files(folder, "links")[-1]
    before = file.read_bytes()
    edit(file, lambda lines: lines.pop(1))
    assert where(folder)[-1] == (SITE, 1, None)
    file.write_bytes(before)
    edit(file, lambda lines: lines.__setitem__(slice(1, 3), lines[2:0:-1]))
    assert (SITE, 1, None) in where(folder)
    file.write_bytes(before)
    edit(file, lambda lines: lines.append(lines[1]))
    assert where(folder) == [(SITE, 1, None)]


def cut(folder: Path, site: str, number: int) -> None:
    """Cut the end off a chain, as if it had never been."""
    shelf = Folder(folder).shelf(site)
    (day,) = shelf.days()
    gone = links.read(list(shelf.all())[number])
    left = [links.read(line).count for line in list(shelf.all())[:number]]
    edit(shelf.path / f"{day}.links", lambda lines: lines.__delitem__(slice(number, None)))
    leaves_file = shelf.path / f"{day}.leaves"
    leaves_file.write_bytes(leaves_file.read_bytes()[: 32 * sum(left)])
    for file in (shelf.path / day).iterdir():
        if int(file.stem) >= gone.number:
            file.unlink()


def test_a_cut_off_end_is_found_by_the_platforms_chain(folder: Path) -> None:
    last = len(list(Folder(folder).shelf(SITE).all())) - 1
    cut(folder, SITE, last)
    assert where(folder) == [(SITE, last, None)]
    shutil.rmtree(folder / SITE)
    assert {one.site for one in problems(folder)} == {SITE}


def test_a_cut_off_end_of_all_chains_is_found_by_topic_copy_or_checkpoint(
    desk: Desk, sealed: Path, folder: Path, tmp_path: Path
) -> None:
    points = tmp_path / "points"
    code, out, _ = verified(sealed, "--key", PUBLIC)
    assert code == 0
    points.write_text(out)
    chains = {chain: len(list(Folder(folder).shelf(chain).all())) for chain in (SITE, "platform")}
    for chain, length in chains.items():
        cut(folder, chain, length - 1)
    assert problems(folder) == []
    brokers = ("--brokers", desk.settings.brokers)
    for more in (("--topic", *brokers), ("--against", sealed), ("--checkpoint", points)):
        code, out, err = verified(folder, "--key", PUBLIC, *more)
        assert (code, out) == (1, ""), err
        for chain, length in chains.items():
            assert f"{chain}, link {length - 1}: " in err
    assert verified(sealed, "--key", PUBLIC, "--checkpoint", points, "--against", folder)[0] == 0
    code, out, err = verified("--topic", *brokers, "--key", PUBLIC, "--checkpoint", points)
    assert (code, out) == (0, points.read_text()), err


def forged(folder: Path, site: str) -> str:
    """Sign a chain anew, after its last record was taken out; answers the forger's public key."""
    forger = keys.private_key(keys.new_key()[0])
    shelf = Folder(folder).shelf(site)
    (day,) = shelf.days()
    lines, previous = [], links.NOTHING
    for line in shelf.all():
        link = links.sign(replace(links.read(line), previous=previous, key=keys.public_hex(forger)), forger)
        lines.append(links.line(link))
        previous = links.link_hash(lines[-1])
    (shelf.path / f"{day}.links").write_bytes(b"".join(line + b"\n" for line in lines))
    return keys.public_hex(forger)


def test_a_forgery_that_was_signed_anew_is_found(desk: Desk, folder: Path, tmp_path: Path) -> None:
    key = forged(folder, SITE)
    found = problems(folder)
    assert found[0] == Problem(
        SITE, 0, None, f"it is signed with {key}, which is neither given nor was handed the chains"
    )
    # Even who gives the forger's key sees that the platform's chain knows another.
    assert {one.site for one in problems(folder, PUBLIC, key)} == {SITE}
    code, _, err = verified(folder, "--key", key, "--key", PUBLIC, "--topic", "--brokers", desk.settings.brokers)
    assert code == 1
    assert f"{SITE}, link 0: it is another link than in the topic" in err


def test_a_link_that_was_signed_anew_is_found(folder: Path) -> None:
    forger = keys.private_key(keys.new_key()[0])
    file = files(folder, "links")[-1]

    def forge(lines: list[bytes]) -> None:
        lines[1] = links.line(links.sign(replace(links.read(lines[1]), key=keys.public_hex(forger), open=[]), forger))

    edit(file, forge)
    assert (SITE, 1, None) in where(folder)


def test_what_it_needs_to_judge_is_asked_for(folder: Path, tmp_path: Path) -> None:
    code, _, err = verified(folder)
    assert (code, "give the public key" in err) == (2, True)
    assert verified("--key", PUBLIC)[0] == 2
    assert verified(folder, "--key", tmp_path / "none")[0] == 2
    (tmp_path / "empty").mkdir()
    assert verified(tmp_path / "empty", "--key", PUBLIC)[0] == 1
    assert verified(folder, "--key", PUBLIC, "--checkpoint", "a:b")[0] == 2
