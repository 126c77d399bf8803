"""The OpenAPI description: complete, and true for whatever is sent."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from server_fakes import TOKEN, fake_networks, make_settings, write_scan
from starlette.testclient import TestClient

from isegformer.server import create_app

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def operations(document):
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").json()


def test_every_operation_says_what_it_is_for_and_which_problems_there_are(document):
    for name, operation in operations(document).items():
        assert operation.get("description"), name
        problems = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert {"401", "403", "413", "421", "422", "500"} <= set(problems), name
        for status, answer in problems.items():
            assert list(answer["content"]) == ["application/problem+json"], (name, status)
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_schema_that_is_named_is_there(document):
    def names(part):
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from names(value)
        elif isinstance(part, list):
            for value in part:
                yield from names(value)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(names(document)) <= known


def test_commands_are_told_apart_by_their_type(document):
    body = operations(document)["POST /api/sessions/{session}/commands"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert schema["discriminator"]["propertyName"] == "type"
    assert {"AddObject", "Undo", "SetWindow"} <= set(schema["discriminator"]["mapping"])
    assert not {"AddClick", "Propagate", "ImportLabelMap", "AdoptWeights"} & set(
        schema["discriminator"]["mapping"]
    )


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return a client, its schema for schemathesis, and ids of a scan and its session."""
    root = tmp_path_factory.mktemp("data")
    write_scan(root / "a.nii.gz")
    app = create_app(make_settings(root), networks=fake_networks(), static=root)
    with TestClient(app, base_url="http://localhost", headers=HEADERS) as client:
        schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
        scan = client.get("/api/scans").json()["scans"][0]["id"]
        client.post("/api/sessions", json={"scan": scan})
        yield client, schema, {"scan": scan, "session": scan}


def send(client, case):
    arguments = case.as_transport_kwargs(base_url="http://localhost")
    arguments.pop("cookies", None)
    arguments["headers"] = {**arguments["headers"], **HEADERS}
    if isinstance(arguments.get("data"), str | bytes):
        arguments["content"] = arguments.pop("data")
    if arguments.get("files"):  # parts of a form are bytes or text, whatever was generated
        arguments["files"] = [(name, _as_part(value)) for name, value in arguments["files"]]
    request = client.build_request(**arguments)
    request.read()
    return client.send(request)


def _checks_for(answer):
    """Return the checks of an answer; that 413 is a rejection too is not known to schemathesis."""
    left_out = {checks.negative_data_rejection} if answer.status_code == 413 else set()
    return [check for check in CHECKS if check not in left_out]


def _as_part(value):
    if isinstance(value, tuple):
        return (value[0], _as_part(value[1]), *value[2:])
    return value if isinstance(value, str | bytes) or hasattr(value, "read") else str(value).encode()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("is_there", [True, False], ids=["session", "no session"])
def test_whatever_is_sent_is_answered_as_described(asked, mode, is_there):
    client, schema, ids = asked
    labels = []
    for found in schema.get_all_operations():
        operation = found.ok()
        labels.append(operation.label)
        known = (
            {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
            if is_there
            else {}
        )
        cases = operation.as_strategy(generation_mode=mode, path_parameters=known or None)

        @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def check(case):
            answer = send(client, case)
            case.validate_response(answer, checks=_checks_for(answer))

        try:
            check()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # there is nothing that could be wrong
    assert len(labels) >= 30
