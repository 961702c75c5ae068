"""Proof: what was measured, found, decided and done, sealed so that no later change goes unseen, and told in a file.

    telemetry, findings, incidents, commands, control ──► ledger ──► a hash chain a site: `evidence`, and a folder
                                                                        │
                                               verify ◄─────────────────┴─────────────────► dossier

A record's bytes are a leaf, a batch of leaves a Merkle tree, its root and the link before a signed link.
"""
