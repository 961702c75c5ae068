"""A key is handed on: the last link that the old key signs names the new one, in every chain."""

import time

from streams.evidence.chain import Chain
from streams.evidence.folder import Folder
from streams.evidence.keys import private_key, public_hex
from streams.evidence.ledger import MILLISECOND
from streams.evidence.shelf import FolderError
from streams.incidents.model import moment
from streams.telemetry.evidence import PLATFORM


def rotate(folder: Folder, old: str, new: str) -> int:
    """Hand every chain that is not yet on the new key on to it; answers how many.

    The ledger must not run meanwhile; it publishes these links at its next start, with the new key. Interrupted, it may
    simply be run again.

    Parameters
    ----------
    folder
        The chains.
    old, new
        Private keys, PEM.

    Raises
    ------
    FolderError, KeyUnusableError
        Nothing was handed on.
    """
    signer, successor = private_key(old), public_hex(private_key(new))
    folder.claim()
    resumed = folder.resume()
    now = moment(time.time())
    chains = {PLATFORM: Chain(PLATFORM)} | resumed.chains
    for chain in chains.values():
        if chain.key not in ("", successor, public_hex(signer)):
            raise FolderError(f"the chain of {chain.name} is sealed with a third key, {chain.key}")
    handed = 0
    for chain in chains.values():
        if chain.key != successor:
            now = max(now, (resumed.time or now) + MILLISECOND) + MILLISECOND
            folder.shelf(chain.name).file(chain.seal(now, signer, None, successor))
            handed += 1
    return handed
