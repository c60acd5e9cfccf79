"""One login for every command: found in the provider's order, refreshed by the project's client, named when missing."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import _default

from readiness.delivered.http_client import Answer
from readiness.live import google_login
from readiness.live.google_login import LoginError, access_token, credential_source
from tests.live.google_files import SUBJECT_TOKEN, adc, workload_identity
from tests.live.loopback import Reply, Request, serving

TYPES = ", ".join(google_login.CREDENTIAL_TYPES)


@pytest.fixture(scope="module")
def private_key() -> str:
    """A key of this run alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def service_account(private_key: str, token_uri: str) -> dict[str, str]:
    """The key file of a service account."""
    return {
        "type": "service_account",
        "client_email": "robot@some-project.iam.gserviceaccount.com",
        "private_key": private_key,
        "token_uri": token_uri,
    }


def token_server(request: Request) -> Reply:
    """Google's token endpoints."""
    if request.path.endswith(":generateAccessToken"):
        return Reply(200, {"accessToken": "impersonated", "expireTime": "2999-01-01T00:00:00Z"})
    return Reply(200, {"access_token": "exchanged", "expires_in": 3600, "token_type": "Bearer"})


def test_a_token_in_the_environment_is_used_as_it_is() -> None:
    """A line end from a file is not one of it."""
    assert access_token({"GOOGLE_OAUTH_ACCESS_TOKEN": "from-variable\n"}) == "from-variable"


def test_a_key_of_a_service_account_is_exchanged(tmp_path: Path, private_key: str) -> None:
    """By the file that application default credentials name."""
    with serving(token_server) as server:
        environment = adc(tmp_path, service_account(private_key, f"{server.url}/token"))
        assert access_token(environment) == "exchanged"
    assert [asked.path for asked in server.requests] == ["/token"]


@pytest.mark.parametrize("variable", google_login.KEY_VARIABLES)
@pytest.mark.parametrize("as_path", [True, False])
def test_a_key_in_a_variable_of_the_provider_is_used(
    tmp_path: Path, private_key: str, variable: str, *, as_path: bool
) -> None:
    """`up` takes it, so every other command does: as JSON, or as the path of its file."""
    with serving(token_server) as server:
        key = service_account(private_key, f"{server.url}/token")
        path = adc(tmp_path, key)["GOOGLE_APPLICATION_CREDENTIALS"]
        assert access_token({variable: path if as_path else json.dumps(key)}) == "exchanged"


def test_the_file_of_gcloud_is_found(tmp_path: Path, private_key: str) -> None:
    """What `gcloud auth application-default login` leaves, in its usual folder and in a named one."""
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    with serving(token_server) as server:
        key = service_account(private_key, f"{server.url}/token")
        (folder / "application_default_credentials.json").write_text(json.dumps(key), encoding="utf-8")
        assert access_token({"HOME": str(tmp_path)}) == "exchanged"
        assert access_token({"CLOUDSDK_CONFIG": str(folder)}) == "exchanged"


def test_workload_identity_is_exchanged(tmp_path: Path) -> None:
    """The keyless login of a GitHub workflow, direct and by a service account."""
    with serving(token_server) as server:
        assert access_token(adc(tmp_path, workload_identity(tmp_path, server))) == "exchanged"
        assert access_token(adc(tmp_path, workload_identity(tmp_path, server, impersonate=True))) == "impersonated"
    assert SUBJECT_TOKEN in str(server.requests[0].body)


@pytest.mark.parametrize("named_by", ["variable", "stack"])
def test_an_account_to_act_as_is_asked_for_its_token(
    monkeypatch: pytest.MonkeyPatch, client: list[tuple[str, str]], named_by: str
) -> None:
    """As the provider does for `gcp:impersonateServiceAccount`, and for its variable."""
    account = "deployer@some-project.iam.gserviceaccount.com"
    environment = {"GOOGLE_OAUTH_ACCESS_TOKEN": "own"}
    values = {}
    if named_by == "variable":
        environment["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] = account
    else:
        values["gcp:impersonateServiceAccount"] = account
    assert access_token(environment, values) == "impersonated"
    [(url, authorization)] = client
    assert url == f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    assert authorization == "Bearer own"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Address and authorization of each request that goes through the project's client, which answers by itself."""
    seen: list[tuple[str, str]] = []

    def send(_method: str, url: str, *, headers: dict[str, str], **_: Any) -> Any:
        seen.append((url, headers.get("Authorization") or headers.get("authorization") or ""))
        body = {"accessToken": "impersonated", "expireTime": "2999-01-01T00:00:00Z"}
        return Answer(status=200, data=json.dumps(body).encode())

    monkeypatch.setattr(google_login, "send", send)
    return seen


def missing(environment: dict[str, str]) -> str:
    """What is said of an environment that holds no login."""
    with pytest.raises(LoginError) as refused:
        access_token(environment)
    return str(refused.value)


def test_no_credentials_are_named_with_the_ways_to_get_them() -> None:
    """Without a home there is no file of gcloud either."""
    assert missing({}) == f"no Google credentials: {google_login.LOG_IN}"
    assert "gcloud auth application-default login" in google_login.LOG_IN


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the variable that names it."""
    said = missing({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")})
    assert said.startswith(
        f"GOOGLE_APPLICATION_CREDENTIALS names {tmp_path}/none.json, which cannot be read (No such file"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "contains no JSON object"),
        ("[]", "contains no JSON object"),
        ("[" * 5000, "contains no JSON object"),
        ('{"type": "unknown"}', "is not one of authorized_user, service_account, "),
        ('{"type": ["unknown"]}', "is not one of authorized_user, service_account, "),
        ("{}", "is not one of authorized_user, service_account, "),
        ('{"type": "service_account"}', "GOOGLE_APPLICATION_CREDENTIALS"),
        ('{"type": "service_account", "client_email": 5, "private_key": [], "token_uri": {}}', "are refused"),
        ('{"type": "external_account"}', "GOOGLE_APPLICATION_CREDENTIALS"),
        ('{"type": "authorized_user", "refresh_token": 3}', "GOOGLE_APPLICATION_CREDENTIALS"),
    ],
)
def test_a_file_without_credentials_is_named(tmp_path: Path, content: str, said: str) -> None:
    """One sentence, with what to do, whatever the file holds."""
    message = missing(adc(tmp_path, content))
    assert said in message
    assert google_login.LOG_IN in message
    assert ".." not in message


@pytest.mark.parametrize("inside", [False, True])
def test_an_unknown_type_is_never_shown(tmp_path: Path, *, inside: bool) -> None:
    """It may be a pasted secret; google-auth shows it."""
    found: dict[str, Any] = {"type": "1//0gPLANTED"}
    if inside:
        found = {"type": "impersonated_service_account", "source_credentials": found}
    message = missing(adc(tmp_path, found))
    assert "PLANTED" not in message
    assert f"the `type` in the Google credentials of GOOGLE_APPLICATION_CREDENTIALS is not one of {TYPES}: " in message


def test_the_types_are_those_of_google_auth() -> None:
    """A new one of a later version would be refused here."""
    assert set(_default._VALID_TYPES) == set(google_login.CREDENTIAL_TYPES)


@pytest.mark.parametrize(
    "value", ['{"refresh_token": "1//0gPLANTED"}', "1//0gPLANTED", "ZXlPLANTED/", "/" + "PLANTED" * 999]
)
def test_a_key_in_place_of_a_path_is_never_shown(value: str) -> None:
    """A key that was pasted into the variable for its file."""
    message = missing({"GOOGLE_APPLICATION_CREDENTIALS": value})
    assert message.startswith("GOOGLE_APPLICATION_CREDENTIALS names a file, which cannot be read (")
    assert "PLANTED" not in message


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """As Windows writes it."""
    environment = adc(tmp_path, "{}")
    Path(environment["GOOGLE_APPLICATION_CREDENTIALS"]).write_bytes(b"\xff\xfe{\x00}\x00")
    assert "contains no JSON object" in missing(environment)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, {"error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)"}),
        Reply(200, "<html>"),
        Reply(302, None, {"Location": "https://127.0.0.1:1/"}),
    ],
)
def test_credentials_that_are_refused_are_named(tmp_path: Path, private_key: str, reply: Reply) -> None:
    """An expired login, a proxy's page, a redirect: the key is nowhere in what is said."""
    with serving(lambda _: reply) as server:
        message = missing(adc(tmp_path, service_account(private_key, f"{server.url}/token")))
    assert "the Google credentials of GOOGLE_APPLICATION_CREDENTIALS are refused" in message
    assert ".. " not in message
    assert "PRIVATE KEY" not in message
    assert google_login.LOG_IN in message


def test_a_login_that_hangs_ends_at_its_limit(
    tmp_path: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token endpoint that never answers."""
    monkeypatch.setattr(google_login, "LOGIN_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        assert "timed out" in missing(adc(tmp_path, service_account(private_key, url)))


def test_the_account_of_a_machine_of_google_is_used_where_there_is_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cloud Shell, a runner on Compute Engine; `NO_GCE_CHECK` is Google's own way to say no."""
    product = tmp_path / "product_name"
    product.write_text("Google Compute Engine\n", encoding="utf-8")
    monkeypatch.setattr(google_login, "_PRODUCT_NAME", product)
    found = credential_source({})
    assert found is not None
    assert found.name == "the account of this machine"
    assert credential_source({"NO_GCE_CHECK": "true"}) is None
    product.write_text("Some laptop\n", encoding="utf-8")
    assert credential_source({}) is None
    assert credential_source({"GCE_METADATA_HOST": "metadata.google.internal"}) is not None


@pytest.mark.parametrize("value", ["ZXlKMGVYQmxJam9p", "1//0gPLANTED", "x" * 100_000, "planted garbage"])
def test_a_key_variable_in_another_form_is_never_shown(value: str) -> None:
    """A key as base64 is a usual mistake, and anybody can decode it."""
    message = missing({"GOOGLE_CREDENTIALS": value})
    assert message.startswith("GOOGLE_CREDENTIALS is neither a key as JSON nor the path of a file that can be read: ")
    assert value not in message
