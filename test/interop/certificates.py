"""A CA of a test's own, and certificates that it has signed: made by the command `openssl`."""

import shutil

from peers import run

# What `openssl ca` needs to be told; the folder is its working directory.
CONFIGURATION = """
[ca]
default_ca = ours
[ours]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
default_days = 30
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = none
[none]
[ca_extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
"""

EXPIRED = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
NOT_YET_VALID = ["-startdate", "20980101000000Z", "-enddate", "20990101000000Z"]


def missing():
    """Why there are no certificates, or None."""
    return None if shutil.which("openssl") else "openssl is not on the PATH"


class KeyPair:
    """PEM files with a certificate and its key."""

    def __init__(self, folder, name):
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"

    def serial(self):
        """As openssl prints it."""
        folder, file = self.certificate.parent, self.certificate
        return _openssl(folder, "x509", "-in", file, "-noout", "-serial")


class Authority:
    """A CA, whose certificate is `certificate`."""

    def __init__(self, folder, common_name="uvspdy test CA"):
        self._folder = folder
        self._count = 0
        (folder / "ca.cnf").write_text(CONFIGURATION)
        (folder / "index.txt").touch()
        pair = KeyPair(folder, "ca")
        self.certificate = pair.certificate
        self_signed = ["-x509", "-days", "30", "-extensions", "ca_extensions"]
        self._request(pair, f"/CN={common_name}", *self_signed)

    def server(self, names=("localhost",), addresses=("127.0.0.1", "::1"), dates=()):
        """For a server of these names and addresses."""
        valid_for = [f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses]
        return self._sign(
            f"/CN={(*names, *addresses)[0]}",
            f"subjectAltName={','.join(valid_for)}",
            "extendedKeyUsage=serverAuth",
            dates=dates,
        )

    def client(self, user="jane", groups=("developers",), dates=()):
        """For a user, as Kubernetes reads them: the common name and the organizations."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        return self._sign(subject, "extendedKeyUsage=clientAuth", dates=dates)

    def _sign(self, subject, *extensions, dates=()):
        self._count += 1
        pair = KeyPair(self._folder, f"{self._count}")
        request = self._folder / f"{self._count}.csr"
        added = [word for extension in extensions for word in ("-addext", extension)]
        self._request(pair, subject, *added, out=request)
        _openssl(
            self._folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt",
            "-keyfile", "ca.key", *dates, "-in", request, "-out", pair.certificate,
        )  # fmt: skip
        return pair

    def _request(self, pair, subject, *options, out=None):
        _openssl(
            self._folder, "req", "-new", "-config", "ca.cnf", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", pair.key, "-subj", subject,
            *options, "-out", out or pair.certificate,
        )  # fmt: skip


def _openssl(folder, *words):
    result = run(["openssl", *map(str, words)], cwd=folder)
    if result.returncode != 0:
        raise AssertionError(f"openssl {words[0]} failed: {result.stderr.decode()}")
    return result.stdout.decode().strip()
