"""Electronic product codes: of a chip's hex, a tag's URI or a digital link, the pure identity that the contract has."""

import re
from collections.abc import Sequence
from contextlib import suppress

from epcpy.utils.common import ConvertException
from epcpy.utils.parsers import hex_to_tag_encodable, tag_uri_to_tag_encodable

_HEX = re.compile(r"(?:[0-9A-Fa-f]{4}){4,62}")
_LINK = re.compile(
    r"https?://[^/?#]+(?:/[^/?#]+){0,8}?/(?P<ai>00|01)/(?P<key>\d{13,18})(?:/21/(?P<serial>[^/?#]{1,20}))?(?:[?#].*)?"
)
_URI = re.compile(r"(?:https?://[^\s/?#]+/\S+|urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:\S+)")


class EpcError(ValueError):
    """No product code; the message says why."""


def identity(given: str, prefixes: Sequence[str] = ()) -> str:
    """Return a code as a pure identity URI, `urn:epc:id:sgtin:…`; a URI of another kind stays as it is.

    Parameters
    ----------
    given
        A chip's EPC bank in hex, a tag URI (`urn:epc:tag:…`), a GS1 digital link, or any other URI, which EPCIS allows.
    prefixes
        GS1 company prefixes. A digital link does not tell where the prefix ends; one that begins with none of these
        stays a link, in GS1's own form.

    Raises
    ------
    EpcError
        When it is none of these.
    """
    text = given.strip()
    if text.startswith(("urn:epc:id:", "urn:epc:class:")):
        return text
    try:
        if text.startswith("urn:epc:tag:"):
            return str(tag_uri_to_tag_encodable(text).epc_uri)
        if _HEX.fullmatch(text):
            return str(hex_to_tag_encodable(text.upper()).epc_uri)
    except (ConvertException, ValueError, LookupError, ArithmeticError, TypeError, AttributeError) as error:
        raise EpcError(f"{text[:60]} is no EPC: {error}") from None
    if link := _LINK.fullmatch(text):
        with suppress(EpcError):  # such a key is not GS1's, and still somebody's
            return _of_link(link["ai"], link["key"], link["serial"], prefixes)
    if _URI.fullmatch(text):
        return text
    raise EpcError(f"{text[:60]} is no EPC: expected urn:epc:id:…, hex or a GS1 digital link")


def sscc(digits: str, prefixes: Sequence[str] = ()) -> str:
    """Return a pallet's 18 digits as a URI.

    Raises
    ------
    EpcError
        When they are not 18 digits with a right check digit.
    """
    return _of_link("00", digits, None, prefixes)


def _of_link(kind: str, key: str, serial: str | None, prefixes: Sequence[str]) -> str:
    wanted = 18 if kind == "00" else 14
    key = key.zfill(wanted)
    if len(key) != wanted or not key.isascii() or not key.isdecimal():
        raise EpcError(f"{key[:24]} has not {wanted} digits")
    if _check_digit(key[:-1]) != key[-1]:
        raise EpcError(f"{key} has the check digit {key[-1]}, and should have {_check_digit(key[:-1])}")
    first, rest = key[0], key[1:-1]
    prefix = max((one for one in prefixes if rest.startswith(one)), key=len, default=None)
    end = f"/21/{serial}" if serial else ""
    if prefix is None or (kind == "01" and serial is None):
        return f"https://id.gs1.org/{kind}/{key}{end}"
    if kind == "00":
        return f"urn:epc:id:sscc:{prefix}.{first}{rest[len(prefix) :]}"
    return f"urn:epc:id:sgtin:{prefix}.{first}{rest[len(prefix) :]}.{serial}"


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)
