"""Which pod and container `uvspdy exec` and `attach` take, as kubectl does, and what they say of
it."""

import subprocess

from peers import DEADLINE, PeerTestCase, program, run
from scripted_pod import ScriptedPod, pod_with, status

UVSPDY = program("UVSPDY_COMMAND")


class PodFlags(PeerTestCase):
    def setUp(self):
        self.server = ScriptedPod(self)

    def command(self, *flags, verb="exec", pod="web"):
        words = ["--", "true"] if verb == "exec" else []
        return [UVSPDY, verb, "-s", self.server.url(), *flags, pod, *words]

    def succeed(self, *flags, **options):
        """Runs it against a command that succeeds, and returns the container and stderr."""
        client = self.start(
            self.command(*flags, **options), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        session = self.server.session
        session.finish()
        _, error = client.communicate(timeout=DEADLINE)
        self.assertEqual(client.returncode, 0, error)
        return session.query.get("container"), error.decode()

    def fail_with(self, line, *flags, **options):
        before = len(self.server.requests)
        result = run(self.command(*flags, **options))
        self.assert_exit(result, 1)
        self.assertEqual((result.stdout, result.stderr.decode()), (b"", line + "\n"))
        for request in self.server.requests[before:]:
            self.assertRegex(request, "^GET ")

    def test_the_only_container(self):
        for verb in ("exec", "attach"):
            with self.subTest(verb=verb):
                self.setUp()
                self.assertEqual(self.succeed(verb=verb), (["main"], ""))
                get, post = self.server.requests
                self.assertEqual(get, "GET /api/v1/namespaces/default/pods/web")
                self.assertRegex(post, rf"^POST /api/v1/namespaces/default/pods/web/{verb}\?")

    def test_the_first_of_several(self):
        self.server.pod = 200, pod_with(["one", "two"], init=["setup"], ephemeral=["debug"])
        line = 'Defaulted container "one" out of: one, two, debug (ephem), setup (init)\n'
        self.assertEqual(self.succeed(), (["one"], line))

    def test_the_first_of_several_quietly(self):
        self.server.pod = 200, pod_with(["one", "two"])
        self.assertEqual(self.succeed("-q"), (["one"], ""))

    def test_the_annotation(self):
        self.server.pod = 200, pod_with(["one", "two"], default="two")
        self.assertEqual(self.succeed(), (["two"], ""))

    def test_the_one_that_is_named(self):
        self.server.pod = 200, pod_with(["one", "two"], default="two", init=["setup"])
        self.assertEqual(self.succeed("-c", "setup"), (["setup"], ""))

    def test_one_that_is_not_there(self):
        for verb in ("exec", "attach"):
            self.fail_with("error: container x is not valid for pod web", "-c", "x", verb=verb)

    def test_pods_by_type_and_name(self):
        for pod in ("pod/web", "pods/web", "po/web"):
            with self.subTest(pod=pod):
                self.setUp()
                self.assertEqual(self.succeed(pod=pod), (["main"], ""))
        for pod in ("deploy/web", "pod/", "pod/a/b", "/web"):
            for verb in ("exec", "attach"):
                result = run(self.command(verb=verb, pod=pod))
                self.assert_exit(result, 2)
                self.assert_one_line(result.stderr, f"^uvspdy {verb}: '{pod}'.* pod/NAME$")
        result = run(self.command(pod=""))
        self.assert_exit(result, 2)
        words = "^uvspdy exec: pod name or resource type/name must be specified$"
        self.assert_one_line(result.stderr, words)

    def test_no_such_pod(self):
        self.server.pod = status(404, "NotFound", 'pods "web" not found')
        self.fail_with('Error from server (NotFound): pods "web" not found')

    def test_a_pod_that_has_ended(self):
        self.server.pod = 200, pod_with(phase="Succeeded")
        text = "a container in a completed pod; current phase is Succeeded"
        self.fail_with(f"error: cannot exec into {text}")
        self.fail_with(f"error: cannot attach {text}", verb="attach")

    def test_a_pod_without_containers(self):
        self.server.pod = 200, pod_with([])
        self.fail_with("error: pod default/web does not have any containers")

    def test_a_pod_that_may_not_be_seen_may_be_used(self):
        self.server.pod = status(403, "Forbidden", "not for you")
        self.assertEqual(self.succeed(), (None, ""))
        self.setUp()
        self.server.pod = status(403, "Forbidden", "not for you")
        self.assertEqual(self.succeed("-c", "any"), (["any"], ""))

    def test_neither_seen_nor_used(self):
        self.server.pod = self.server.refusal = status(403, "Forbidden", "not for you")
        result = run(self.command())
        self.assert_exit(result, 1)
        words = r"^uvspdy exec: the server refused \(403\): not for you$"
        self.assert_one_line(result.stderr, words)

    def check_printable(self, result):
        """One line, and nothing in it that a terminal would obey."""
        self.assert_exit(result, 1)
        self.assert_one_line(result.stderr, "it failed.*all is well$")
        for bad in (b"\x1b", b"\x07", "\u009b".encode(), b"\r"):
            self.assertNotIn(bad, result.stderr)

    def test_what_a_terminal_would_obey_in_errors(self):
        words = "it failed\x1b]0;x\x07\x1b[2J\u009b31m\r\nuvspdy exec: all is well\n"
        refusal = status(404, "NotFound", words)
        for verb in ("exec", "attach", "cp", "port-forward"):
            command = self.command(verb=verb)
            if verb == "cp":
                command[-1:] = ["web:file", "."]
            if verb == "port-forward":
                command.append(":80")
            with self.subTest(verb=verb, what="the pod"):
                self.server.pod, self.server.refusal = refusal, refusal
                self.check_printable(run(command))
            with self.subTest(verb=verb, what="the upgrade"):
                self.server.pod = 200, pod_with()
                self.check_printable(run(command))
            if verb in ("cp", "port-forward"):
                continue  # they say nothing of these
            with self.subTest(verb=verb, what="the names of containers"):
                self.server.pod = 200, pod_with(["one", words])
                self.server.refusal = status(403, "Forbidden", "no")
                result = run(command)
                self.assertEqual(result.stderr.count(b"\n"), 2)
                result.stderr = result.stderr.partition(b"\n")[0] + b"\n"
                self.check_printable(result)

    def test_what_a_terminal_would_obey_in_a_status(self):
        words = "it failed\x1b]0;x\x07\x1b[2J\u009b31m\r\nuvspdy exec: all is well\n"
        for verb in ("exec", "attach"):
            for protocol in ("v4.channel.k8s.io", "v3.channel.k8s.io"):
                with self.subTest(verb=verb, protocol=protocol):
                    self.setUp()
                    self.server.protocol = protocol
                    client = self.start(
                        self.command(verb=verb),
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                    )
                    session = self.server.session
                    if protocol.startswith("v4"):
                        session.finish(message=words)
                    else:
                        session.send("stdout", b"", fin=True)
                        session.send("stderr", b"", fin=True)
                        # A byte that is a control character of its own to some terminals.
                        text = words.encode().replace(b"\x07", b"\x07\x9b")
                        session.send("error", text, fin=True)
                    output, error = client.communicate(timeout=DEADLINE)
                    self.check_printable(
                        subprocess.CompletedProcess(client.args, client.returncode, output, error)
                    )

    def test_levels_of_words(self):
        _, error = self.succeed("-v", "1")
        self.assertEqual(error, f"connecting to {self.server.url()}\n")
        self.setUp()
        _, error = self.succeed("-v=8")
        url = self.server.url() + "/api/v1/namespaces/default/pods/web"
        self.assertEqual(
            error.splitlines()[:3],
            [f"connecting to {self.server.url()}", f"GET {url}", "    Accept: application/json"],
        )
        self.assertIn(f"\nPOST {url}/exec?command=true&", error)
        self.assertIn("\n    X-Stream-Protocol-Version: v4.channel.k8s.io\n", error)
        result = run(self.command("-v", "much"))
        self.assert_exit(result, 2)
        self.assertIn(b"'much' is no level", result.stderr)

    def test_versions_before_v4(self):
        for protocol in ("v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"):
            with self.subTest(protocol=protocol):
                self.setUp()
                self.server.protocol = protocol
                client = self.start(self.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                session = self.server.session
                session.send("stdout", b"half", fin=True)
                session.send("stderr", b"", fin=True)
                session.send("error", b"it failed", fin=True)
                self.assertEqual(
                    client.communicate(timeout=DEADLINE), (b"half", b"uvspdy exec: it failed\n")
                )
                self.assertEqual(client.returncode, 1)
