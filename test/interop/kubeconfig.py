"""kubeconfig files for any server, credentials and proxy."""

import base64
import json


def data(file):
    """A file's content as a kubeconfig has it within itself."""
    return base64.b64encode(file.read_bytes()).decode()


def write(file, server, cluster=None, user=None, namespace="default"):
    """Writes a kubeconfig with one context; `cluster` and `user` are fields of it."""
    lines = ["apiVersion: v1", "kind: Config", "clusters:", "- name: here", "  cluster:"]
    lines += _fields({"server": server, **(cluster or {})}, 4)
    lines += ["users:", "- name: me", "  user:" if user else "  user: {}"]
    lines += _fields(user or {}, 4)
    lines += ["contexts:", "- name: only", "  context:"]
    lines += _fields({"cluster": "here", "user": "me", "namespace": namespace}, 4)
    lines += ["current-context: only", "preferences: {}"]
    file.write_text("\n".join(lines) + "\n")
    return file


def client_certificate(pair):
    """Fields of a user who is known by a certificate in files."""
    return {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}


def client_certificate_data(pair):
    """The same with the certificate embedded."""
    return {
        "client-certificate-data": data(pair.certificate),
        "client-key-data": data(pair.key),
    }


def plugin(folder, **status):
    """Fields of a user who is known by what a credential plugin prints."""
    version = "client.authentication.k8s.io/v1"
    credential = {"apiVersion": version, "kind": "ExecCredential", "status": status}
    printed, command = folder / "credential.json", folder / "plugin"
    printed.write_text(json.dumps(credential))
    command.write_text(f"#!/bin/sh\nexec cat '{printed}'\n")
    command.chmod(0o700)
    return {"exec": {"apiVersion": version, "command": str(command), "interactiveMode": "Never"}}


def _fields(fields, indent):
    return [f"{' ' * indent}{name}: {_scalar(value)}" for name, value in fields.items()]


def _scalar(value):
    # JSON is YAML.
    return json.dumps(value)
