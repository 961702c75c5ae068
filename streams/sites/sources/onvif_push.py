"""Cameras and recorders that send their ONVIF notifications, and plate cameras: an HTTP listener."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from streams.sites.formats.onvif import Camera, Direction, telemetry
from streams.sites.formats.xml import XmlError, parse
from streams.sites.listener import Listener
from streams.sites.source import Outlet, Sends, forward
from streams.telemetry.envelope import Device, Fraction

PathPart = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}(?!\n)$", description="last part of the address")]


class Gate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera, by the last part of the address that it sends to."""

    path: PathPart
    device: Device
    direction: Direction | None = None
    likelihood: Fraction | None = None


class OnvifPush(Listener, frozen=True, kw_only=True, tag="onvif-push"):
    """Cameras that POST: WS-BaseNotification, or scene metadata with plates, each to an address of its own."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 8081
    camera: Annotated[list[Gate], Meta(min_length=1)]

    def sends(self) -> Iterable[Sends]:
        for camera in self.camera:
            where = f"at each notification POSTed to {self.where()}/{camera.path}"
            yield Sends(camera.device, ("camera.event", "shipment.gate"), where)

    async def run(self, outlet: Outlet) -> None:
        cameras = {one.path: Camera(outlet.site, one.device, one.direction, one.likelihood) for one in self.camera}

        async def answer(request: web.Request, body: bytes) -> web.Response:
            camera = cameras.get(request.path.rpartition("/")[2])
            if camera is None:
                outlet.refuse(f"no camera of site.toml sends to {request.path[:80]}")
                return web.Response(status=404, text="no camera of site.toml sends to this address\n")
            try:
                root = parse(body)
            except XmlError as error:
                outlet.refuse(f"{camera.device}: {error}")
                return web.Response(status=400, text=f"{error}\n")
            await forward(telemetry(root, camera, outlet.now()), outlet)
            return web.Response(status=200)

        async with self.listening(outlet, answer):
            while True:
                outlet.alive()
                await asyncio.sleep(10.0)
