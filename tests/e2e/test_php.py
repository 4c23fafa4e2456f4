"""PHP-FPM behind nginx behind isrd."""

import gzip
import hashlib
import json
import random
import unittest
from urllib.parse import urlencode

from php_origin import PhpOrigin
from shared_tests import SharedTests
from stack import OriginTest, made

UPLOAD_BYTES = 5 * 1024 * 1024


class PhpTest(SharedTests, OriginTest):
    origin_class = PhpOrigin

    def page(self, name):
        return f"/page/{name}"

    def test_a_form_passes_and_is_not_cached(self):
        fields = {"Content-Type": "application/x-www-form-urlencoded"}
        for words in ("first words", "other words"):
            body = urlencode({"words": words})
            answer = self.isrd.ask("/form", "POST", fields, body)
            self.assertEqual(answer.status, 200)
            self.assert_cache(answer, "BYPASS")
            self.assertIn(words, answer.text)
        self.assertEqual(self.origin.requests("/form", "POST"), 2)

    def test_an_upload_arrives_whole(self):
        content = random.Random(5).randbytes(UPLOAD_BYTES)
        edge = "edge-of-the-parts"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        fields = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        whole = self.isrd.ask("/upload", "POST", fields, body)
        # An iterable has no length: it goes out, and through isrd, in chunks.
        parts = [body[i : i + 70_000] for i in range(0, len(body), 70_000)]
        chunked = self.isrd.ask("/upload", "POST", fields, iter(parts))
        for answer in (whole, chunked):
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(
                json.loads(answer.body),
                {"bytes": UPLOAD_BYTES, "sha256": hashlib.sha256(content).hexdigest()},
            )

    def test_a_session_is_nobody_elses(self):
        first = self.isrd.ask("/account")
        self.assertIn("set-cookie", first.fields)
        cookie = first.fields["set-cookie"].split(";")[0]
        self.assertIn("visits 2", self.isrd.ask("/account", fields={"Cookie": cookie}).text)
        stranger = self.isrd.ask("/account")
        self.assertIn("visits 1", stranger.text)
        self.assertNotIn(cookie, stranger.fields["set-cookie"])

    def test_each_gets_the_coding_that_he_accepts(self):
        path = self.page("coding")
        for _ in range(2):
            plain = self.isrd.ask(path)
            self.assertNotIn("content-encoding", plain.fields)
            self.assertIn("The same words again", plain.text)
            packed = self.isrd.ask(path, fields={"Accept-Encoding": "gzip"})
            self.assertEqual(packed.fields.get("content-encoding"), "gzip")
            self.assertIn("accept-encoding", packed.fields["vary"].lower())
            self.assertIn("The same words again", gzip.decompress(packed.body).decode())
            self.assertLess(len(packed.body), len(plain.body))
        self.assert_cache(plain, "HIT")
        self.assert_cache(packed, "HIT")

    def test_a_broken_page_is_papered_over(self):
        path = self.page("broken")
        old = made(self.isrd.ask(path))
        self.origin.broken.touch()
        try:
            failures = self.origin.requests(path)
            seen = self.poll_cache(path, "STALE")
            seen += self.poll(
                "a regeneration that failed",
                path,
                lambda _: self.origin.requests(path) > failures,
            )
            seen += [self.isrd.ask(path) for _ in range(20)]
            self.assertEqual({answer.status for answer in seen}, {200})
            self.assertEqual({made(answer) for answer in seen}, {old})
        finally:
            self.origin.broken.unlink()
        self.poll("the page made anew", path, lambda answer: made(answer) != old, 60)

    def test_an_unknown_page_is_the_origins_404(self):
        answer = self.isrd.ask("/nowhere")
        self.assertEqual(answer.status, 404)
        self.assertIn("Not found", answer.text)


if __name__ == "__main__":
    unittest.main()
