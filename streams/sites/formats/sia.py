"""What an alarm panel says inside a DC-09 frame: SIA blocks (DC-03) and Contact ID (DC-05)."""

import re
from typing import NamedTuple

CONTACT_ID = {
    "100": "MA MH", "101": "QA QH", "102": "MA MH", "110": "FA FH", "111": "FA FH", "112": "FA FH", "113": "SA SH",
    "114": "KA KH", "115": "FA FH", "116": "KA KH", "117": "FA FH", "118": "FA FH", "120": "PA PH", "121": "HA HH",
    "122": "HA HH", "123": "PA PH", "124": "HA HH", "125": "HA HH", "130": "BA BR", "131": "BA BR", "132": "BA BR",
    "133": "BA BR", "134": "BA BR", "135": "BA BR", "136": "BA BR", "137": "TA TR", "138": "BA BR", "139": "BV BR",
    "140": "BA BR", "141": "BT BJ", "142": "BT BJ", "143": "ET ER", "144": "TA TR", "145": "TA TR", "146": "BA BR",
    "147": "BZ BJ", "150": "UA UH", "151": "GA GH", "152": "ZA ZH", "153": "UA UH", "154": "WA WH", "158": "KA KH",
    "159": "ZA ZH", "162": "GA GH", "300": "YP YQ", "301": "AT AR", "302": "YT YR", "305": "RR RR", "306": "YG YG",
    "307": "YF YF", "308": "RR RR", "309": "YT YR", "311": "YM YR", "312": "YI YJ", "313": "RR RR", "320": "RC RO",
    "321": "YA YH", "322": "YA YH", "323": "RC RO", "330": "ET ER", "331": "ET ER", "332": "ET ER", "333": "ET ER",
    "334": "ET ER", "335": "VZ VI", "336": "VT VR", "337": "ET ER", "338": "ET ER", "339": "ET ER", "341": "TA TR",
    "342": "AT AR", "343": "ET ER", "344": "XQ XH", "350": "YC YK", "351": "LT LR", "352": "LT LR", "353": "YC YK",
    "354": "YC YK", "355": "YC YK", "356": "YC YK", "357": "YC YK", "373": "FT FJ", "374": "EA BR", "375": "PT PJ",
    "376": "HT HJ", "378": "BG BR", "380": "BT BJ", "381": "BZ BJ", "382": "BZ BJ", "383": "TA TR", "384": "XT XR",
    "391": "BT BJ", "400": "OP CL", "401": "OP CL", "402": "OG CG", "403": "OA CA", "405": "OI CI", "406": "BC BC",
    "407": "OP CL", "408": "CL CL", "409": "OS CS", "411": "RB RS", "412": "RB RS", "413": "RU RU", "414": "RR RR",
    "421": "DD DD", "422": "DG DG", "423": "DF DF", "424": "DD DD", "425": "DE DE", "426": "DN DN", "441": "CG OG",
    "442": "CL OP", "451": "OK CK", "452": "OJ CJ", "453": "CI CI", "454": "CI CI", "455": "CI CI", "456": "CG OG",
    "457": "EE EE", "458": "OR OR", "459": "CR CR", "461": "JA JA", "462": "CI CI", "466": "YY YY", "570": "BB BU",
    "571": "FB FU", "572": "BB BU", "573": "BB BU", "574": "BB BU", "601": "RX RX", "602": "RP RP", "603": "RP RP",
    "604": "FX FK", "605": "RR RR", "606": "LF LF", "607": "TS TE", "608": "RX RX", "621": "JL JL", "622": "JL JL",
    "623": "JL JL", "624": "JL JL", "625": "JT JT", "626": "JT JT", "627": "LB LB", "628": "LX LX", "654": "CD CD",
}  # fmt: skip
"""Contact ID's event code: SIA's two letters when it is new, and when it is restored or closed."""
_UNTYPED = {"1": "UA UH", "2": "UA UH", "3": "UT UJ", "5": "UB UU"}
"""The same for codes of a class that are not in the table; any other is UX, undefined."""

_BY_USER = re.compile(r"121|313|4[0-4]\d|45\d|46\d|574|604|607|625|642|652|653")
"""Contact ID events whose last number is a user."""
_USER_CODES = frozenset(re.findall("..", "BCCECFCJCKCLCPCQCRDADBEEJDJHJKJPJSJTJVJXJYJZOCOHOJOKOLOPOQOROTRX"))
"""SIA codes whose number is a user."""

_CONTACT = re.compile(r"(?:#?[0-9A-Fa-f]{0,16}\|)?\s*([136])(\d{3})\s+([0-9A-F]{1,3})\s+([0-9A-F]{1,5})\s*")
_MODIFIER = re.compile(r"/?([a-z]{2})([0-9A-Za-z:.,\-]{0,40}?)(?:\^[^^]{0,256}\^)?(?=/|[a-z]{2}[0-9^:]|[A-Z]{2}|$)")
_EVENT = re.compile(r"/?([A-Z]{2})([0-9A-F]{0,16})(?=[/*^|]|[A-Z]{2}|$)(?:\^[^^]*\^?)?")


class Signal(NamedTuple):
    """One event: SIA's two letters, and where or who, as far as the panel says."""

    code: str
    zone: str | None
    user: str | None


class UnreadableError(ValueError):
    """Data that is neither of the two; the message says what was expected."""


def contact_id(data: str) -> Signal:
    """Read Contact ID: account, `|`, qualifier and event code, partition, zone or user.

    Raises
    ------
    UnreadableError
        When it is none.
    """
    found = _CONTACT.fullmatch(data)
    if found is None:
        raise UnreadableError("expected Contact ID, like #1234|1131 01 003")
    qualifier, event, _, number = found.groups()
    new, _, over = (CONTACT_ID.get(event) or _UNTYPED.get(event[0], "UX UX")).partition(" ")
    who = number if number.strip("0") else None
    by_user = _BY_USER.fullmatch(event) is not None
    return Signal(over if qualifier == "3" else new, None if by_user else who, who if by_user else None)


def sia(data: str) -> list[Signal]:
    """Read SIA blocks: account, `|`, `N`, modifiers in small letters, events in capitals, parted by `/`.

    Raises
    ------
    UnreadableError
        When there is no event in it.
    """
    blocks = data.split("|")
    if blocks[0].startswith("#") or not blocks[0]:
        blocks = blocks[1:]
    signals = [signal for block in blocks if block[:1] in "NO" and block for signal in _events(block[1:])]
    if not signals:
        raise UnreadableError("expected a SIA block, like #1234|Nri1/BA003")
    return signals


def _events(block: str) -> list[Signal]:
    signals: list[Signal] = []
    said: dict[str, str] = {}
    at = 0
    while at < len(block):
        if modifier := _MODIFIER.match(block, at):
            said[modifier[1]] = modifier[2]
            at = modifier.end()
        elif event := _EVENT.match(block, at):
            number = event[2] or None
            by_user = event[1] in _USER_CODES
            user = number if by_user else said.get("id")
            signals.append(Signal(event[1], None if by_user else number, user or None))
            at = event.end()
        elif block[at] == "*":
            break  # text for people follows
        else:
            at += 1
    return signals
