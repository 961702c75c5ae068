"""The few calls of Grafana's HTTP API that the platform makes, typed, with errors that say what to do."""

from typing import Any
from urllib.parse import quote, urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from grafana_api.grafana_face import GrafanaFace

from streams.settings import Settings

Json = dict[str, Any]


class GrafanaError(Exception):
    """Grafana could not be reached or refused; the message says what to do."""


class Grafana:
    """One Grafana. Every method raises `GrafanaError`; those that look something up answer None when it isn't there."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        user: str | None = None,
        password: str | None = None,
        ca_file: str = "",
        timeout: float = 5,
    ) -> None:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise GrafanaError(f"{url!r} is not an address such as http://127.0.0.1:3000.")
        if not token and not (user and password):
            raise GrafanaError(
                "No access to Grafana: set TOCSIN_GRAFANA_TOKEN (a service account's token with the role Admin),"
                " or TOCSIN_GRAFANA_USER and TOCSIN_GRAFANA_PASSWORD."
            )
        path = place.path.strip("/")
        self.url = url.rstrip("/")
        self._face = GrafanaFace(
            token or (user, password),
            host=f"[{place.hostname}]" if ":" in place.hostname else place.hostname,
            port=place.port,
            url_path_prefix=f"{path}/" if path else "",
            protocol=place.scheme,
            verify=ca_file or True,
            timeout=timeout,
        )

    @classmethod
    def of(cls, settings: Settings) -> "Grafana":
        """Make the one that the settings name."""
        return cls(
            settings.grafana_url,
            token=settings.grafana_token,
            user=settings.grafana_user,
            password=settings.grafana_password,
            ca_file=settings.web_ca_file,
        )

    def rights(self) -> set[str] | None:
        """Name what the account may do, whatever it may do it to; None where Grafana does not tell."""
        found = self._found(self._face.api.GET, "/access-control/user/permissions")
        return None if found is None else set(found)

    def data_source(self, name: str) -> Json | None:
        """Find a data source by its name."""
        return self._found(self._face.datasource.get_datasource_by_name, quote(name, safe=""))

    def put_data_source(self, wanted: Json, existing: Json | None) -> None:
        """Create a data source, or overwrite the existing one, by its uid: later Grafanas know no numbers."""
        if existing is None:
            self._call(self._face.datasource.create_datasource, wanted)
        else:
            self._call(self._face.api.PUT, f"/datasources/uid/{quote(existing['uid'], safe='')}", wanted)

    def folder(self, uid: str) -> Json | None:
        """Find a folder by its uid."""
        return self._found(self._face.folder.get_folder, uid)

    def put_folder(self, uid: str, title: str, existing: Json | None) -> None:
        """Create a folder, or give the existing one this title."""
        if existing is None:
            self._call(self._face.folder.create_folder, title, uid)
        else:
            self._call(self._face.folder.update_folder, uid, title, overwrite=True)

    def dashboard(self, uid: str) -> Json | None:
        """Find a dashboard by its uid: `{"dashboard": …, "meta": …}`."""
        return self._found(self._face.dashboard.get_dashboard, uid)

    def put_dashboard(self, dashboard: Json, folder_uid: str, message: str) -> None:
        """Create a dashboard or overwrite the one with the same uid."""
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": True}
        self._call(self._face.dashboard.update_dashboard, body)

    def annotations(self, tags: list[str]) -> list[Json]:
        """List the annotations that carry all these tags."""
        quoted = [quote(tag, safe="") for tag in tags]
        found = self._call(self._face.annotations.get_annotation, tags=quoted, limit=1000)
        return list(found)

    def annotate(self, milliseconds: int, tags: list[str], text: str) -> None:
        """Add an annotation of the whole organisation at a unix time in ms."""
        self._call(self._face.annotations.add_annotation, time_from=milliseconds, tags=tags, text=text)

    def _found(self, look_up: Any, *arguments: Any) -> Json | None:
        try:
            return dict(self._call(look_up, *arguments))
        except _MissingError:
            return None

    def _call(self, method: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except GrafanaUnauthorizedError as error:
            raise GrafanaError(
                f"{self.url} does not accept the credentials (401). Check TOCSIN_GRAFANA_TOKEN, or user and password;"
                " a token may have expired."
            ) from error
        except GrafanaClientError as error:
            raise self._refusal(error) from error
        except GrafanaException as error:
            raise GrafanaError(f"{self.url} has a fault of its own: {error}. Look into its log.") from error
        except requests.JSONDecodeError as error:
            raise GrafanaError(f"{self.url} does not answer as Grafana does. Is this its address?") from error
        except requests.exceptions.SSLError as error:
            raise GrafanaError(
                f"{self.url} shows a certificate of an unknown authority. If it is yours, set TOCSIN_WEB_CA_FILE."
            ) from error
        except requests.RequestException as error:
            raise GrafanaError(
                f"{self.url} does not answer ({type(error).__name__}). Is Grafana running there?"
            ) from error

    def _refusal(self, error: Any) -> GrafanaError:
        if error.status_code == requests.codes.not_found:
            return _MissingError(f"{self.url}: {error}")
        if error.status_code == requests.codes.forbidden:
            return GrafanaError(
                f"{self.url} refuses (403): {error}. The account needs the role Admin to provision, Editor to annotate."
            )
        return GrafanaError(f"{self.url} refuses: {error}.")


class _MissingError(GrafanaError):
    """404."""
