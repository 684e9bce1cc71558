"""Each method of the contract needs a scope, and the contract tells which."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import vstep.grading.v1
from grading.auth_settings import ReflectionMode
from server.interceptors.authentication import Authentication, certificate_names
from server.permissions import SCOPES

PROTOS = Path(__file__).parents[2] / "protos" / "vstep" / "grading" / "v1"
_METHOD = re.compile(r"((?:^ *//.*\n)+) *rpc (\w+)\(", re.MULTILINE)


def _methods() -> set[str]:
    """The methods of the contract, as calls name them."""
    found = set()
    for module in iter_modules(vstep.grading.v1.__path__, "vstep.grading.v1."):
        if module.name.endswith("_pb2"):
            for service in import_module(module.name).DESCRIPTOR.services_by_name.values():
                found |= {f"/{service.full_name}/{method.name}" for method in service.methods}
    return found


def test_each_method_of_the_contract_needs_a_scope() -> None:
    assert _methods() == set(SCOPES)


def test_the_contract_tells_the_scope_of_each_method() -> None:
    told = {
        name: re.findall(r"\[(\w+)\]", comment)
        for file in PROTOS.glob("*_service.proto")
        for comment, name in _METHOD.findall(file.read_text("utf-8"))
    }
    assert told == {name.rpartition("/")[2]: [scope] for name, scope in SCOPES.items()}


def test_a_certificates_names_are_read_once_each_and_in_their_order() -> None:
    assert certificate_names({}) == ()
    shown: dict[str, Any] = {
        "x509_common_name": [b"app"],
        "x509_subject_alternative_name": [b"app.test", "thứ hai".encode(), b"", b"app", b"\xff"],
        "transport_security_type": [b"ssl"],
    }
    assert certificate_names(shown) == ("app.test", "thứ hai", "app", "�")


@pytest.mark.parametrize("mode", ReflectionMode)
def test_health_is_open_and_reflection_where_it_is_set(mode: ReflectionMode) -> None:
    guard = Authentication(object(), SCOPES, mode)  # type: ignore[arg-type]
    assert guard._guards("/grpc.health.v1.Health/Check") is None
    reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    assert (guard._guards(reflection) is None) == (mode is ReflectionMode.ON)
    assert all(guard._guards(method) is not None for method in SCOPES)
    assert guard._guards("/vstep.grading.v1.NewService/Method") is not None
