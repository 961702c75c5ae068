"""Cameras by day and by night, and their recorder."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.devices import Body, Camera, Event
from streams.local.simulator.life.power import due
from streams.local.simulator.site import Site
from streams.local.simulator.spells import Spell, holding
from streams.local.simulator.weather import Sky

EVENTS = {
    on.LOST: "VideoSource/SignalLoss",
    on.MOVED: "VideoSource/GlobalSceneChange",
    on.COVERED: "VideoSource/ImageTooDark",
    on.BLURRED: "VideoSource/ImageTooBlurry",
}
PICTURES = (on.COVERED, on.DAZZLED, on.FROZEN, on.MOVED, on.BLURRED, on.WEB)
DUSK = 0.12


def live(site: Site, day: Day, out: list[Event]) -> None:
    """Let cameras and recorder report a day."""
    sky = site.sky(day)
    for camera in site.cameras:
        _camera(site, day, camera, sky, out)
    _recorder(site, day, out)


def _camera(site: Site, day: Day, camera: Camera, sky: Sky, out: list[Event]) -> None:
    rng = site.rng(f"camera/{camera.name}", day.number)
    lost = site.spells.of(on.LOST, day.start, day.end, camera.name)
    silent = site.spells.of(on.SILENT, day.start, day.end, camera.name)
    odd = [spell for what in PICTURES for spell in site.spells.of(what, day.start, day.end, camera.name)]
    _report(site, day, camera, rng)
    bare = rng.random() < 0.5
    if not any(spell.what == on.FROZEN for spell in odd):
        camera.tape.clear()
    for when in due(camera, day, rng, []):
        if silent and holding(silent, when):
            continue
        if lost and holding(lost, when):
            gone: Body = {"type": "camera.status", "connected": False}
            zeros = {} if bare else dict.fromkeys(("fps", "bitrate", "luminance", "sharpness", "scene_change"), 0)
            out.append((when, camera, gone | zeros))
            continue
        body = _picture(day, camera, sky, when, rng)
        if odd:
            for spell in odd:
                if spell.start <= when < spell.end:
                    body = _taped(body, spell, camera.tape) if spell.what == on.FROZEN else _disturbed(body, spell, rng)
        out.append((when, camera, body))


def _picture(day: Day, camera: Camera, sky: Sky, when: float, rng: Random) -> Body:
    random = rng.random
    quarter = day.quarter(when)
    busy = day.activity[quarter]
    light = day.daylight[quarter]
    if not camera.outdoor:
        light = max(light * 0.3, min(1.0, busy * 3))
    dusk = DUSK * (0.75 if camera.night else 1.25)
    camera.night = light < dusk and (camera.night or random() < 0.7)
    change = camera.bustle * busy * random() * 1.6 + 0.04 * random()
    sharp = camera.sharpness + 0.03 * (random() - 0.5)
    bitrate = camera.bitrate * (0.8 + 0.5 * busy + 0.2 * random())
    if camera.night:
        bright, bitrate, sharp = camera.infrared, bitrate * 1.25, sharp * 0.86
    else:
        bright = camera.lit * (0.45 + 0.55 * light)
    if camera.outdoor and sky.rain:
        hour = (when - day.start) / 3600
        for begin, end, strength in sky.rain:
            if begin <= hour < end:
                sharp *= 1 - 0.45 * strength
                change += 0.35 * strength * random()
    if camera.outdoor and sky.gale:
        change += 0.2 * random()
    return {
        "type": "camera.status",
        "connected": True,
        "fps": round(camera.fps + 0.8 * (random() - 0.5), 1),
        "bitrate": round(bitrate),
        "luminance": round(min(1.0, bright + 0.04 * random()), 3),
        "sharpness": round(min(1.0, sharp), 3),
        "scene_change": round(min(1.0, change), 3),
    }


def _taped(body: Body, spell: Spell, tape: list[Body]) -> Body:
    """Show one still, or some pictures over and over again."""
    if len(tape) < max(1, spell.level):
        tape.append(body)
    else:
        tape.append(tape.pop(0))
    return dict(tape[-1])


def _disturbed(body: Body, spell: Spell, rng: Random) -> Body:
    match spell.what:
        case on.COVERED:
            changed = {"luminance": rng.uniform(0, 0.03), "sharpness": rng.uniform(0, 0.08), "scene_change": 0.9}
        case on.DAZZLED:
            changed = {"luminance": rng.uniform(0.95, 1), "sharpness": rng.uniform(0, 0.1), "scene_change": 0.85}
        case on.MOVED:
            fading = max(0.0, 1 - 0.6 * (spell.end - spell.start > 1800))
            changed = {"scene_change": rng.uniform(0.45, 0.8) if fading else 0.3}
        case on.BLURRED:
            changed = {"sharpness": body["sharpness"] * rng.uniform(0.15, 0.35)}
        case _:  # A spider's web glows in the infrared lamp.
            if body["luminance"] > 0.42:
                return body
            changed = {
                "sharpness": body["sharpness"] * rng.uniform(0.4, 0.8),
                "scene_change": min(1.0, body["scene_change"] + rng.uniform(0, 0.4)),
                "bitrate": round(body["bitrate"] * 1.5),
            }
    return body | {name: round(number, 3) for name, number in changed.items()}


def _report(site: Site, day: Day, camera: Camera, rng: Random) -> None:
    """Send the ONVIF events of the spells that begin today, but for the cameras that can't."""
    for what, topic in EVENTS.items():
        for spell in site.spells.of(what, day.start, day.end, camera.name):
            if day.start <= spell.start < day.end and rng.random() < 0.9:
                for when, state in (
                    (spell.start + rng.uniform(0.5, 5), True),
                    (spell.end + rng.uniform(0.5, 5), False),
                ):
                    site.note(when, camera, {"type": "camera.event", "topic": topic, "state": state})


def _recorder(site: Site, day: Day, out: list[Event]) -> None:
    recorder = site.recorder
    rng = site.rng("recorder", day.number)
    silent = site.spells.of(on.SILENT, day.start, day.end, recorder.name)
    missing = site.spells.of(on.DISKS, day.start, day.end)
    pauses = site.spells.of(on.PAUSED, day.start, day.end)
    forgets = site.spells.of(on.FORGET, day.start - recorder.retention, day.end)
    for spell in missing:
        if day.start <= spell.start < day.end:
            for when, state in ((spell.start, True), (spell.end, False)):
                topic = "Device/HardwareFailure/StorageFailure"
                site.note(when + rng.uniform(0, 4), recorder, {"type": "camera.event", "topic": topic, "state": state})
    purge = day.at(recorder.purge) + rng.uniform(0, 90)
    if not holding(silent, purge):
        topic = "RecordingHistory/DeleteTrackData"
        site.note(purge, recorder, {"type": "camera.event", "topic": topic, "state": True})
    for when in due(recorder, day, rng, []):
        if holding(silent, when):
            continue
        pulled = holding(missing, when)
        disks = max(0, recorder.disks - round(pulled.level)) if pulled else recorder.disks
        body: Body = {
            "type": "recorder.status",
            "disks": disks,
            "disks_expected": recorder.disks,
            "recording": disks > 0 and not holding(pauses, when),
        }
        if recorder.tells_age:
            oldest = max([when - recorder.retention, *(spell.start for spell in forgets if spell.start <= when)])
            body["oldest_footage"] = stamp(oldest // 3600 * 3600)
        out.append((when, recorder, body))
