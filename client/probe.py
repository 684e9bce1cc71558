"""``vstep-grading-probe``: whether a name of the health service is SERVING, for health checks.

Started every few seconds, it loads no more than it needs. Beside a server, with the server's
own environment, it needs no option: it asks the port of ``PORT``, and where the server has a
certificate (``GRADING_TLS_CERTIFICATE``) it trusts that very one, whatever name it bears. Where
the server asks for clients' certificates, it shows ``VSTEP_GRADING_CERTIFICATE``, or else the
server's own.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import client.quiet  # noqa: F401
from client.channel import open_channel
from client.errors import ClientError
from client.health import SERVICES, ask
from client.tls import Tls, TlsFileUnusable


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one line; the exit code is 0 where the name is SERVING, 1 otherwise, 2 for misuse."""
    given = _parser().parse_args(arguments)
    try:
        channel = open_channel(given.address, _tls(given))
    except ClientError as error:
        print(f"vstep-grading-probe: {error}", file=sys.stderr)
        return 2
    with channel:
        health = ask(channel, given.service, given.timeout)
    print(health)
    return 0 if health.serving else 1


def _parser() -> argparse.ArgumentParser:
    variables = os.environ
    port = variables.get("PORT") or "8000"
    parser = argparse.ArgumentParser(
        prog="vstep-grading-probe",
        description="Tells whether a name of the service's health is SERVING.",
        epilog="Exit codes: 0 SERVING, 1 not SERVING or no answer, 2 wrong usage.",
    )
    parser.add_argument(
        "service",
        nargs="?",
        default="readiness",
        help=f"{', '.join(SERVICES)}, or a name as the health service has it (default: readiness)",
    )
    parser.add_argument(
        "--address",
        default=variables.get("VSTEP_GRADING_ADDRESS") or f"127.0.0.1:{port}",
        help="HOST:PORT (default: VSTEP_GRADING_ADDRESS, or PORT of this machine)",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=3.0, metavar="S", help="seconds in all (default: 3)"
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        default=variables.get("VSTEP_GRADING_TLS", "").lower() in ("1", "true", "yes", "on"),
        help="encrypt, and trust public authorities (VSTEP_GRADING_TLS)",
    )
    for option, shown, says in (
        ("ca", "FILE", "encrypt, and trust the authorities of this PEM file"),
        ("server-name", "NAME", "encrypt, and expect this name in the server's certificate"),
        ("certificate", "FILE", "the PEM file of this client's certificate"),
        ("key", "FILE", "the PEM file of its key"),
    ):
        variable = f"VSTEP_GRADING_{option.replace('-', '_').upper()}"
        parser.add_argument(
            f"--{option}",
            type=str if shown == "NAME" else Path,
            default=variables.get(variable) or None,
            metavar=shown,
            help=f"{says} ({variable})",
        )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("must be more than 0 and no more than 3600")
    return seconds


def _tls(given: argparse.Namespace) -> Tls | None:
    named = given.ca, given.certificate, given.key, given.server_name
    certificate = os.environ.get("GRADING_TLS_CERTIFICATE")
    if not given.tls and given.ca is None and certificate:
        return _own_tls(Path(certificate), given)
    if given.tls or any(named):
        return Tls(*named)
    return None


def _own_tls(certificate: Path, given: argparse.Namespace) -> Tls:
    """What to ask the server with whose environment this is."""
    own: tuple[Path | None, Path | None] = (given.certificate, given.key)
    key = os.environ.get("GRADING_TLS_KEY")
    if own == (None, None) and key and os.environ.get("GRADING_TLS_CLIENT_CA"):
        own = (certificate, Path(key))
    return Tls(certificate, *own, given.server_name or _name_in(certificate))


def _name_in(certificate: Path) -> str:
    """A name that the certificate is good for."""
    # Comes with the server, and takes a while to be loaded.
    from cryptography import x509

    try:
        read = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except OSError as error:
        raise TlsFileUnusable(f"can't read {certificate}: {error.strerror}") from None
    except (ValueError, x509.ExtensionNotFound):
        raise TlsFileUnusable(f"{certificate} holds no certificate with a name") from None
    domains = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    for name in (*domains, *map(str, addresses)):
        return name.replace("*", "probe", 1)
    raise TlsFileUnusable(f"{certificate} holds no certificate with a name")


if __name__ == "__main__":
    sys.exit(main())
