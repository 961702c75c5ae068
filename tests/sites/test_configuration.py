"""`site.toml`: what a right one would send, and every fault of a wrong one with its line, its field and what to do."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from streams.settings import Settings
from streams.sites.access import paper as papers
from streams.sites.configuration import ConfigurationError, load
from streams.sites.gateway import describe
from streams.sites.lines import locate
from streams.sites.source import Source, kinds

README = (Path(__file__).parents[2] / "README.md").read_text()

WHOLE = """\
site = "FR-93-DUGNY"
spool = "spool"

[kafka]
brokers = "kafka.example:9094"
topic = "in.FR-93-DUGNY"
username = "FR-93-DUGNY"
password_file = "secret"
tls = true

[[source]]
type = "nut"
name = "ups"
feed = "grid-a"

[[source]]
type = "dc09"
host = "0.0.0.0"
[[source.account]]
id = "1234"
device = "panel-1"
key_file = "key"

[[source]]
type = "onvif"
name = "cam-07"
url = "http://10.0.0.7/onvif/event_service"
device = "cam-07"
username = "tocsin"
password_file = "secret"

[[source]]
type = "onvif-push"
port = 8081
camera = [{ path = "gate", device = "anpr-1", direction = "in" }]

[[source]]
type = "epcis"
port = 8080
[source.read_points]
"urn:epc:id:sgln:0614141.07346.1234" = "dock-3"

[[source]]
type = "folder"
path = "."
format = "desadv"
timezone = "Europe/Paris"

[[source]]
type = "mqtt"
[[source.map]]
topic = "power/+/live"
object = "power.reading"
device = "meter-{1}"
fields = { feed = { value = "grid-a" }, voltage = "u", frequency = "f" }

[[source]]
type = "stdin"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("hunter2\n")
    (tmp_path / "key").write_text("00112233445566778899aabbccddeeff\n")
    return tmp_path


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "site.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load(path)
    return [str(fault).removeprefix(f"{path}:") for fault in raised.value.faults]


def test_every_plug_in_is_found_and_described(folder: Path) -> None:
    (folder / "site.toml").write_text(WHOLE)
    site = load(folder / "site.toml")
    told = "\n".join(describe(site))
    for kind in kinds():
        tag = str(kind.__struct_config__.tag)
        assert tag in {one["type"] for one in tomllib.loads(WHOLE)["source"]}, f"{tag} is not in the example"
        assert f"({tag}, " in told
        assert f"| `{tag}` |" in README
        assert (kind.__doc__ or "").strip()
        assert kind is not Source
    for part in (
        "in.FR-93-DUGNY at kafka.example:9094",
        "power.reading of grid-a",
        "gateway-ups: alarm.heartbeat every",
    ):
        assert part in told
    assert "hunter2" not in told + repr(site) + repr(site.kafka.settings(folder))


def test_every_fault_is_told_with_line_field_and_what_to_do(folder: Path) -> None:
    told = faults(
        folder,
        """\
site = "fr-93"
hartbeat_s = 5

[kafka]
brokers = "kafka"
username = "me"

[[source]]
type = "nut"
port = "many"
pol_s = 2

[[source]]
type = "dc09"
host = "0.0.0.0"
[[source.account]]
id = "1234"
device = "panel-1"

[[source.account]]
id = "12"
device = "panel-2"

[[source]]
type = "epcis"
host = "0.0.0.0"
port = 8080
[source.steps]
shipping = "leaving"

[[source]]
type = "epics"

[[source]]
type = "mqtt"
[[source.map]]
topic = "a"
object = "power.reading"
device = "{3}"
[source.map.fields]
volt = "u"

[[source]]
type = "stdin"
[[source]]
type = "stdin"
""",
    )
    wanted = [
        r"^1: site: expected the site's id, 3 to 32 of A-Z, 0-9 and -",
        r"^2: hartbeat_s: is no setting here; there are .*heartbeat_s",
        r"^5: kafka.brokers: expected host:port",
        r"^6: kafka.username: username and password_file belong together",
        r"^10: source\[0\].port: expected int, got str",
        r"^11: source\[0\].pol_s: is no setting here; there are .*poll_s",
        r"^21: source\[1\].account\[1\].id: expected str matching regex",
        r"^26: source\[2\].host: 0.0.0.0 is open to others: set token_file",
        r"^29: source\[2\].steps.shipping: must become one of storing",
        r"^32: source\[3\].type: must be one of .*epcis.*; got 'epics'",
        r"^39: source\[4\].map\[0\].device: a has the levels",
        r"^41: source\[4\].map\[0\].fields.volt: power.reading has no such field; it has feed",
        r"^40: source\[4\].map\[0\].fields: power.reading needs feed",
        r"^45: source\[6\].name: two sources are called stdin",
    ]
    for pattern in wanted:
        assert any(re.search(pattern, fault) for fault in told), f"{pattern} is not in\n" + "\n".join(told)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.toml:1: can't be read: No such file"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("site = ", r"^1: not TOML"),
        ('site = "FR-93"\nmetrics_host = "0.0.0.0"\n[[source]]\ntype = "stdin"\n', r"^2: .*set metrics_token_file"),
        ('site = "FR-93"\nsource = 3\n', r"^2: source: a site has at least one"),
        ('site = "FR-93"\n[[source]]\n', r"^2: source\[0\].type: must be one of .*; it is missing"),
        (
            'site = "FR-93"\n[[source]]\ntype = "nut"\nusername = "a"\npassword_file = "gone"\n',
            r"^5: .*gone: No such file",
        ),
        ('[[source]]\ntype = "stdin"\n', r"^1: site: is missing"),
        ('kafka = 3\nsite = "FR-93"\n[[source]]\ntype = "stdin"\n', r"^1: kafka: must be a table"),
        ('site = "FR-93"\n[[source]]\ntype = "folder"\npath = "x"\nformat = "edi"\n', r"^5: .*desadv|format"),
        ('site = "FR-93"\n[[source]]\ntype = "onvif"\nurl = "camera"\ndevice = "c"\n', r"^4: .*event service"),
    ],
)
def test_what_may_be_wrong(folder: Path, text: str, wanted: str) -> None:
    told = faults(folder, text)
    assert any(re.search(wanted, fault) for fault in told), told


def test_a_key_that_is_none_is_told(folder: Path) -> None:
    (folder / "key").write_text("0011")
    assert any("a key has 32, 48 or 64 hex digits" in fault for fault in faults(folder, WHOLE))


def test_lines_of_tables_within_tables() -> None:
    text = "a = 1\n[b]\nc = 2\n[[d]]\ne = 3\n[[d]]\n[[d.f]]\ng = 4\n[d.h]\ni = 5\n[[d.f]]\ng = 6\n"
    lines = locate(text)
    assert (lines["a",], lines["b", "c"], lines["d", "0", "e"]) == (1, 3, 5)
    assert (lines["d", "1", "f", "0", "g"], lines["d", "1", "f", "1", "g"], lines["d", "1", "h", "i"]) == (8, 12, 10)


def test_the_readme_s_site_is_a_right_one(folder: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    for name in re.findall(r'_file = "(.*?)"', shown):
        (folder / name).write_text("00112233445566778899aabbccddeeff")
    for name in re.findall(r'^path = "(.*?)"', shown, re.MULTILINE):
        (folder / name).mkdir(parents=True)
    (folder / "site.toml").write_text(shown)
    assert load(folder / "site.toml").site


def test_the_papers_of_a_new_site_are_right_ones(folder: Path) -> None:
    settings = Settings(security_protocol="SASL_SSL", ca_file=str(folder / "secret"))
    papers.write(folder, "FR-93-DUGNY", settings, "kafka.example:9094")
    (folder / "password").write_text("hunter2")
    site = load(folder / "site.toml")
    made = site.kafka.settings(folder)
    assert (made.sasl_username, made.sasl_password, made.security_protocol) == ("FR-93-DUGNY", "hunter2", "SASL_SSL")
    assert made.ca_file == str(folder / "ca.pem")
    assert site.kafka.topic == "in.FR-93-DUGNY"


def gateway(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams", "gateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_the_command_checks(folder: Path) -> None:
    (folder / "site.toml").write_text(WHOLE)
    good = gateway("--check", str(folder / "site.toml"))
    assert good.returncode == 0, good.stderr
    assert "panel-1: alarm.signal at each encrypted message of account 1234" in good.stdout
    (folder / "site.toml").write_text(WHOLE.replace('"nut"', '"nutt"'))
    bad = gateway("--check", str(folder / "site.toml"))
    assert bad.returncode == 2
    assert f"{folder / 'site.toml'}:12: source[0].type: must be one of" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_a_new_site_s_papers_name_every_source() -> None:
    listed = papers.TEMPLATE.partition("equipment: ")[2].partition(".")[0]
    assert set(re.findall(r"[a-z0-9-]+", listed)) - {"or"} == {str(kind.__struct_config__.tag) for kind in kinds()}
