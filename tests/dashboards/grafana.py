"""A small Grafana for the tests: the part of its HTTP API that the platform uses, with its status codes and messages.

Grafana itself is no package that a test machine can install. What it stores, refuses and adds by itself follows its
documentation and source: rights, ids and versions, tags that must all match, a folder that must exist, conflicts.
"""

import base64
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, Any]
READ, WRITE = "Viewer", "Admin"


class Grafana:
    """Listens on a free port of the loopback; `tokens` maps each token to its role."""

    def __init__(self, port: int = 0, tls: SSLContext | None = None) -> None:
        self.tokens = {"admin-token": "Admin", "editor-token": "Editor", "viewer-token": "Viewer"}
        self.password = ("admin", "sesame")
        self.sources: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.annotations: list[dict[str, Any]] = []
        self.writes: list[str] = []
        self.broken = False
        self.tells_rights = True
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        grafana = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                status, answer = grafana.handle(self.command, self.path, self.headers.get("Authorization") or "", body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_PUT(self) -> None:
                self._answer()

            def log_message(self, *args: Any, **kwargs: Any) -> None:
                return

        return Handler

    def handle(self, method: str, path: str, authorization: str, body: Any) -> Answer:
        if self.broken:
            return 500, {"message": "database is locked"}
        role = self._role(authorization)
        if role is None:
            return 401, {"message": "Invalid API key"}
        place = urlsplit(path)
        parts = [unquote(part) for part in place.path.removeprefix("/api/").split("/")]
        annotating = parts[0] == "annotations"
        if method != "GET" and (role == "Viewer" or (role == "Editor" and parts[0] == "datasources")):
            return 403, {"message": "You'll need additional permissions to perform this action."}
        if method != "GET" and not annotating:
            self.writes.append(f"{method} {place.path}")
        handlers: dict[str, Callable[..., Answer]] = {
            "datasources": self._datasources,
            "folders": self._folders,
            "dashboards": self._dashboards,
            "annotations": self._annotations,
            "access-control": lambda *_: self._rights(role),
        }
        return handlers[parts[0]](method, parts[1:], parse_qs(place.query), body)

    def _role(self, authorization: str) -> str | None:
        kind, _, secret = authorization.partition(" ")
        if kind == "Basic":
            return "Admin" if base64.b64decode(secret).decode() == ":".join(self.password) else None
        return self.tokens.get(secret)

    def _rights(self, role: str) -> Answer:
        if not self.tells_rights:
            return 404, {"message": "Not found"}
        may = {"Viewer": ("read",), "Editor": ("read", "create", "write"), "Admin": ("read", "create", "write")}[role]
        rights = {f"{thing}:{verb}": ["*"] for thing in ("folders", "dashboards") for verb in may}
        own = may if role == "Admin" else ("read",)
        return 200, rights | {f"datasources:{verb}": ["datasources:*"] for verb in own}

    def _datasources(self, method: str, parts: list[str], query: Any, body: Any) -> Answer:
        if method == "GET":
            source = self.sources.get(parts[1])
            return (200, source) if source else (404, {"message": "Data source not found"})
        if method == "POST":
            if body["name"] in self.sources:
                return 409, {"message": "data source with the same name already exists"}
            source = {
                "id": len(self.sources) + 1,
                "orgId": 1,
                "version": 1,
                "readOnly": False,
                "basicAuth": False,
            } | body
        else:
            before = next(source for source in self.sources.values() if parts == ["uid", source["uid"]])
            source = before | body | {"version": before["version"] + 1}
        self.sources[body["name"]] = source
        return 200, {"datasource": source, "id": source["id"], "message": "Datasource saved", "name": body["name"]}

    def _folders(self, method: str, parts: list[str], query: Any, body: Any) -> Answer:
        if method == "GET":
            folder = self.folders.get(parts[0])
            return (200, folder) if folder else (404, {"message": "folder not found", "status": "not-found"})
        uid = parts[0] if method == "PUT" else body["uid"]
        if method == "POST" and uid in self.folders:
            return 409, {"message": "a folder with the same name already exists in the current location"}
        version = self.folders.get(uid, {}).get("version", 0) + 1
        self.folders[uid] = {
            "id": 7,
            "uid": uid,
            "title": body["title"],
            "version": version,
            "url": f"/dashboards/f/{uid}",
        }
        return 200, self.folders[uid]

    def _dashboards(self, method: str, parts: list[str], query: Any, body: Any) -> Answer:
        if method == "GET":
            found = self.dashboards.get(parts[1])
            return (200, found) if found else (404, {"message": "Dashboard not found"})
        uid, folder = body["dashboard"]["uid"], body.get("folderUid") or ""
        if folder and folder not in self.folders:
            return 400, {"message": "folder not found"}
        before = self.dashboards.get(uid)
        if before and not body.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = before["dashboard"]["version"] + 1 if before else 1
        number = before["dashboard"]["id"] if before else len(self.dashboards) + 1
        stored = {**body["dashboard"], "id": number, "version": version}
        self.dashboards[uid] = {"dashboard": stored, "meta": {"folderUid": folder, "provisioned": False}}
        return 200, {"id": number, "uid": uid, "status": "success", "version": version, "url": f"/d/{uid}"}

    def _annotations(self, method: str, parts: list[str], query: dict[str, list[str]], body: Any) -> Answer:
        if method == "GET":
            wanted = set(query.get("tags", ()))
            found = [each for each in self.annotations if wanted <= set(each["tags"])]
            return 200, found[: int(query.get("limit", ["100"])[0])]
        if not body.get("text"):
            return 400, {"message": "Failed to save annotation", "error": "text field should not be empty"}
        number = len(self.annotations) + 1
        time = body["time"]
        self.annotations.append(
            {"id": number, "time": time, "timeEnd": body.get("timeEnd") or time}
            | {"tags": body["tags"], "text": body["text"], "dashboardId": body.get("dashboardId") or 0}
        )
        return 200, {"message": "Annotation added", "id": number}
