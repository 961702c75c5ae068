"""A ledger whose folder is lost goes on from the topic, and says what it has lost."""

import shutil
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from streams.evidence.folder import Folder
from tests.evidence.desk import PUBLIC, SITES, Desk, copied, sealing, verified

LOST, QUIET = SITES


@pytest.fixture(scope="module")
def old(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old copy; then more was sealed, Kafka has let some telemetry go, and the folder is lost."""
    copy = copied(desk.folder, tmp_path_factory.mktemp("old") / "copy")
    desk.telemetry(QUIET, 40)
    desk.everything(LOST)
    desk.seal()
    ends = {partition: end for (name, partition), end in desk.ends().items() if name == "telemetry.power"}
    gone = [TopicPartition("telemetry.power", partition, min(end, 6)) for partition, end in ends.items()]
    admin = AdminClient({"bootstrap.servers": desk.settings.brokers})
    for answer in admin.delete_records(gone).values():
        answer.result(20)
    shutil.rmtree(desk.folder)
    return copy


def adopt(desk: Desk, folder: Path) -> tuple[int, str, str]:
    return sealing("adopt", "--folder", folder, "--key", desk.key, "--brokers", desk.settings.brokers)


def check(desk: Desk, folder: Path) -> tuple[int, str, str]:
    return verified(folder, "--key", PUBLIC, "--topic", "--brokers", desk.settings.brokers)


def test_a_lost_folder_is_built_anew_and_the_ledger_goes_on(desk: Desk, old: Path) -> None:
    code, _, told = adopt(desk, desk.folder)
    assert code == 0, told
    chains = Folder(desk.folder).chains()
    before = {chain: len(list(Folder(desk.folder).shelf(chain).all())) for chain in chains}
    desk.telemetry(LOST, 10)
    desk.seal()
    code, _, told = check(desk, desk.folder)
    assert code == 0, told
    assert f"{LOST}, links 0 to 0: what they sealed was lost with a folder" in told
    after = {chain: len(list(Folder(desk.folder).shelf(chain).all())) for chain in chains}
    assert after["platform"] > before["platform"] and after[LOST] > before[LOST] and after[QUIET] == before[QUIET]
    again = adopt(desk, desk.folder)
    assert again[0] == 0 and "0 links were taken" in again[2]


def test_what_kafka_still_has_is_read_again_and_kept_as_it_was(desk: Desk, old: Path) -> None:
    kept = {file.relative_to(old): file.read_bytes() for file in (old / LOST).rglob("*.records")}
    assert kept and kept == {name: (desk.folder / name).read_bytes() for name in kept}
    telemetry = {file.relative_to(old) for file in (old / LOST).rglob("1.telemetry")}
    assert telemetry and all((desk.folder / name).read_bytes() == (old / name).read_bytes() for name in telemetry)


def test_an_old_copy_keeps_what_it_has(desk: Desk, old: Path, tmp_path: Path) -> None:
    copy = copied(old, tmp_path / "copy")
    code, _, told = adopt(desk, copy)
    assert code == 0, told
    whole = {file.relative_to(old) for file in old.rglob("*.records")}
    assert whole <= {file.relative_to(copy) for file in copy.rglob("*.records")}
    assert verified(copy, "--key", PUBLIC)[0] == 0


def test_an_empty_link_that_nobody_owned_up_to_is_found(desk: Desk, old: Path, tmp_path: Path) -> None:
    copy = copied(old, tmp_path / "copy")
    (leaves,) = (copy / QUIET).rglob("*.leaves")
    leaves.write_bytes(bytes(leaves.stat().st_size))
    code, _, told = verified(copy, "--key", PUBLIC)
    assert code == 1 and f"{QUIET}, link 0: what it sealed is missing" in told


def test_another_key_or_another_folder_is_refused(desk: Desk, old: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "key.pem"
    assert sealing("keygen", "--key", stranger)[0] == 0
    code, _, told = sealing(
        "adopt", "--folder", tmp_path / "new", "--key", stranger, "--brokers", desk.settings.brokers
    )
    assert code == 2 and "is sealed with the key" in told
