"""XML from outside: no DTD, no entities, no external anything, no depth that costs the reader its stack."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring


class XmlError(ValueError):
    """Not XML that is taken from outside; the message says why."""


def parse(body: bytes) -> Element:
    """Read a document.

    Raises
    ------
    XmlError
        When it is malformed, or has a document type.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, LookupError, ValueError) as error:
        raise XmlError(f"no XML that can be taken: {error}") from None
    except DefusedXmlException as error:
        raise XmlError(f"XML with a document type is not taken ({type(error).__name__})") from None
    return root


def local(element: Element) -> str:
    """Name an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def every(element: Element, name: str) -> Iterator[Element]:
    """Find the elements of a name, in whatever namespace, at whatever depth."""
    return (found for found in element.iter() if local(found) == name)


def child(element: Element, name: str) -> Element | None:
    """Find the first child of a name, in whatever namespace."""
    return next((found for found in element if local(found) == name), None)


def text(element: Element | None) -> str:
    """Return an element's own text, trimmed."""
    return (element.text or "").strip() if element is not None else ""
