"""The promises that hold for any origin. A mixin: the classes that use it name their pages."""

import socket

from stack import made


class SharedTests:
    def page(self, name):
        """The path of a page that only the test of this name asks for."""
        raise NotImplementedError

    def test_first_visit_misses_and_the_next_hits(self):
        path = self.page("first")
        first, second = self.isrd.ask(path), self.isrd.ask(path)
        self.assertEqual(first.status, 200)
        self.assert_cache(first, "MISS")
        self.assert_cache(second, "HIT")
        self.assertEqual(first.body, second.body)
        self.assertIn("hit", second.fields["cache-status"])
        self.assertGreaterEqual(int(second.fields["age"]), 0)
        self.assertEqual(self.origin.requests(path), 1)

    def test_many_cold_visitors_are_one_origin_request(self):
        path = self.page("cold")
        answers = self.isrd.ask_at_once(path, 20)
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(self.origin.requests(path), 1)

    def test_a_stale_page_is_served_and_regenerated_once(self):
        path = self.page("stale")
        old = made(self.isrd.ask(path))
        seen = self.poll_cache(path, "STALE")
        self.assertEqual({made(answer) for answer in seen}, {old})
        seen += self.poll("the new page", path, lambda answer: made(answer) != old)
        self.assert_cache(seen[-1], "HIT", "REVALIDATED")
        # Every page that the origin made was seen, so it made none beside.
        self.assertEqual(self.origin.requests(path), len({made(answer) for answer in seen}))

    def test_many_visitors_of_a_stale_page_are_one_origin_request(self):
        path = self.page("rush")
        seen = [self.isrd.ask(path)]
        while not any(answer.cache == "STALE" for answer in seen):
            seen += self.isrd.ask_at_once(path, 20)
        self.assertEqual({answer.cache for answer in seen} - {"MISS", "STALE", "HIT"}, set())
        old = made(seen[0])
        seen += self.poll("the new page", path, lambda answer: made(answer) != old)
        self.assertEqual({answer.status for answer in seen}, {200})
        self.assertEqual(self.origin.requests(path), len({made(answer) for answer in seen}))

    def test_purge_by_command(self):
        path = self.page("purge")
        first = self.isrd.ask(path)
        done = self.isrd.command("purge", self.isrd.url(path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        second = self.isrd.ask(path)
        self.assert_cache(second, "MISS")
        self.assertNotEqual(made(first), made(second))

    def test_refresh_by_command(self):
        path = self.page("refresh")
        old = made(self.isrd.ask(path))
        done = self.isrd.command("refresh", self.isrd.url(path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        seen = self.poll("the new page", path, lambda answer: made(answer) != old)
        self.assertEqual({answer.cache for answer in seen} - {"STALE", "HIT"}, set())

    def test_stats_by_command(self):
        self.isrd.ask(self.page("stats"))
        done = self.isrd.command("stats")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(done.stdout.strip())

    def test_head_is_answered_from_the_page(self):
        path = self.page("head")
        page = self.isrd.ask(path)
        head = self.isrd.ask(path, "HEAD")
        self.assertEqual(head.status, 200)
        self.assert_cache(head, "HIT")
        self.assertEqual(head.body, b"")
        self.assertEqual(self.origin.requests(path, "HEAD"), 0)
        self.assertEqual(self.origin.requests(path), 1)
        if "content-length" in head.fields:
            self.assertEqual(int(head.fields["content-length"]), len(page.body))

    def test_pipelined_requests_are_answered_in_order(self):
        paths = [self.page("pipe"), self.page("line"), self.page("pipe")]
        wanted = [self.isrd.ask(path).text for path in paths]
        requests = "".join(f"GET {path} HTTP/1.1\r\nHost: {self.isrd.host}\r\n" for path in paths)
        requests = requests.replace("GET", "\r\nGET").lstrip() + "Connection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.isrd.port), timeout=30) as client:
            client.sendall(requests.encode())
            with client.makefile("rb") as stream:
                got = stream.read().decode()
        answers = got.split("HTTP/1.1 200 OK\r\n")[1:]
        self.assertEqual(len(answers), len(paths), got)
        for answer, body in zip(answers, wanted):
            got_body = answer.split("\r\n\r\n", 1)[1]
            self.assertEqual(got_body.split("<footer>")[0], body.split("<footer>")[0])

    def test_the_origin_goes_and_comes_back(self):
        path = self.page("outage")
        old = made(self.isrd.ask(path))
        self.origin.stop()
        try:
            seen = self.poll_cache(path, "STALE")
            seen += [self.isrd.ask(path) for _ in range(20)]
            self.assertEqual({answer.status for answer in seen}, {200})
            self.assertEqual({made(answer) for answer in seen}, {old})
            never_seen = self.isrd.ask(self.page("unseen"))
            self.assertIn(never_seen.status, (502, 504))
        finally:
            self.origin.start()
        self.poll("the page made anew", path, lambda answer: made(answer) != old, 60)
