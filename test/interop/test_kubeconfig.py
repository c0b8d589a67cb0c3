"""Kubeconfigs as we read them and as kubectl does: several files, relative names, odd values."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

VIEW = os.environ["UVSPDY_KUBECONFIG_VIEW"]
KUBECTL = shutil.which("kubectl")
VIEW_FLAGS = ["config", "view", "--flatten", "--minify", "--output", "json"]
TIMEOUT_S = 60

FIRST = """
current-context: files
clusters:
- name: east
  cluster:
    server: https://east.example:6443/base
    certificate-authority: ../ca.pem
- name: shared
  cluster: {server: "https://first.example:1", tls-server-name: "yes"}
users:
- name: files
  user: {client-certificate: pki/cert.pem, client-key: pki/./key.pem, tokenFile: ../token}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/../bin/plugin
      args: [--a, "1"]
      env: [{name: A, value: "2"}]
      interactiveMode: Never
contexts:
- {name: files, context: {cluster: east, user: files, namespace: shop}}
- {name: plugin, context: {cluster: shared, user: plugin}}
"""

SECOND = """
current-context: other
clusters:
- name: shared
  cluster: {server: "https://second.example:2", proxy-url: "http://proxy"}
- name: data
  cluster:
    server: https://data.example:3
    certificate-authority-data: Q0EK
    proxy-url: socks5://127.0.0.1:1080
- name: insecure
  cluster: {server: "https://insecure.example:4", insecure-skip-tls-verify: yes}
users:
- name: data
  user: {client-certificate-data: Q0VSVAo=, client-key-data: S0VZCg==, as: jane}
- name: password
  user: {username: u, password: "123"}
- name: on-path
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plugin}
contexts:
- {name: other, context: {cluster: shared, user: password}}
- {name: data, context: {cluster: data, user: data}}
- {name: on-path, context: {cluster: insecure, user: on-path}}
"""

# What stands in a file by itself, and neither of us takes.
REFUSED = [
    "users: [{name: u, user: {token: 123}}]",
    "users: [{name: u, user: {token: y}}]",
    "users: [{name: u, user: {token: 1e5}}]",
    "users: [{name: u, user: {token: [a]}}]",
    "users: [{name: u, user: {client-key-data: '%'}}]",
    "users: [{name: u}, {name: u}]",
    "users: {}",
    'users: "x',
    "users: [a",
    "users: *x",
    "kind: Pod",
    "apiVersion: v2",
    "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'true'}}]",
]


def content_of(pem):
    return pem["text"] or (pathlib.Path(pem["file"]).read_text() if pem["file"] else "")


def expected(view, folder):
    """What kubectl's flat view of one context is in our terms. Certificates and keys are in it as
    what they hold; it leaves other names of files as they stand, relative to `folder`."""
    context = view["contexts"][0]["context"]
    cluster = view["clusters"][0]["cluster"]
    user = view["users"][0]["user"] or {}

    def pem(fields, name):
        return base64.b64decode(fields.get(name + "-data", "")).decode()

    def absolute(name):
        return os.path.normpath(folder / name) if "/" in name else name

    server = cluster["server"]
    config = {
        "server": server if server.count("/") > 2 else server + "/",
        "namespace": context.get("namespace", "default"),
        "ca": pem(cluster, "certificate-authority"),
        "insecure": cluster.get("insecure-skip-tls-verify", False),
    }
    for name in "tls-server-name", "proxy-url":
        config[name] = cluster.get(name, "")
    for name in "token", "tokenFile", "username", "password", "as":
        config[name] = user.get(name, "")
    config["tokenFile"] = absolute(config["tokenFile"])
    if "client-key-data" in user:
        config["certificate"] = pem(user, "client-certificate")
        config["key"] = pem(user, "client-key")
    if "exec" in user:
        plugin = user["exec"]
        config["exec"] = {
            "command": absolute(plugin["command"]),
            "args": plugin["args"] or [],
            "env": [[variable["name"], variable["value"]] for variable in plugin["env"] or []],
        }
    return config


@unittest.skipUnless(KUBECTL, "there is no kubectl on the PATH")
class Kubeconfig(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        for name in "ca.pem", "token", "a/pki/cert.pem", "a/pki/key.pem":
            self.write(name, f"what {name} holds\n")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run_with(self, files, *words):
        environment = {**os.environ, "KUBECONFIG": files, "HOME": str(self.folder)}
        return subprocess.run(
            words,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def test_contexts(self):
        self.write("a/first", FIRST)
        self.write("second", SECOND)
        for files in "none:a/first:second", "a/first::second:a/first":
            for context in None, "files", "plugin", "other", "data", "on-path":
                with self.subTest(files=files, context=context):
                    flags = ["--context", context] if context else []
                    theirs = self.run_with(
                        files, KUBECTL, *VIEW_FLAGS, *flags
                    )
                    self.assertEqual(theirs.returncode, 0, theirs.stderr)
                    ours = self.run_with(files, VIEW, *([context] if context else []))
                    self.assertEqual(ours.returncode, 0, ours.stderr)
                    config = json.loads(ours.stdout)
                    for name in {"ca", "certificate", "key"} & config.keys():
                        config[name] = content_of(config[name])
                    view = json.loads(theirs.stdout)
                    self.assertEqual(config, expected(view, self.folder / "a"))

    def test_refused(self):
        for text in REFUSED:
            with self.subTest(text=text):
                self.write("bad", text + "\n")
                theirs = self.run_with("bad", KUBECTL, "config", "view")
                self.assertNotEqual(theirs.returncode, 0, theirs.stdout)
                ours = self.run_with("bad", VIEW)
                self.assertEqual(ours.returncode, 1)
                self.assertRegex(ours.stderr, r"^bad:\d+:\d+: ")

    def test_unknown_context(self):
        self.write("a/first", FIRST)
        theirs = self.run_with("a/first", KUBECTL, "config", "view", "--minify", "--context", "x")
        self.assertNotEqual(theirs.returncode, 0)
        ours = self.run_with("a/first", VIEW, "x")
        self.assertEqual(ours.returncode, 1)
        self.assertIn("'x'; there are: 'files', 'plugin'", ours.stderr)
