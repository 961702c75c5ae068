"""The gateway's plug-ins: one file each, found by itself; a new file is a new kind of `[[source]]`."""
