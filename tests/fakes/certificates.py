"""A certificate authority of this process, and a certificate for Google's names."""

import atexit
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = (
    'googleapis.com',
    '*.googleapis.com',
    '*.storage.googleapis.com',
    '*.pkg.dev',
    'metadata.google.internal',
    'localhost',
)
"""What the certificate is good for."""


@dataclass(frozen=True)
class Certificates:
    """Files in PEM.

    Attributes:
        authority: what clients are to trust, and nothing else.
        chain: the certificate that the proxy shows.
        key: its private key.
    """

    authority: Path
    chain: Path
    key: Path


@cache
def certificates() -> Certificates:
    """Make them, in a folder that goes with the process.

    One authority a process: gRPC reads the file of trusted ones once.
    """
    folder = Path(mkdtemp(prefix='sluice-fakes-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'Sluice stand-ins')])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    authority = (
        _builder(root, root, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'googleapis.com')])
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = (
        _builder(subject, root, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = Certificates(folder / 'authority.pem', folder / 'chain.pem', folder / 'key.pem')
    made.authority.write_bytes(authority.public_bytes(pem))
    made.chain.write_bytes(leaf.public_bytes(pem) + authority.public_bytes(pem))
    made.key.touch(mode=0o600)
    made.key.write_bytes(private)
    return made


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )
