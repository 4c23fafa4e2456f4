"""Django on gunicorn behind isrd."""

import re
import unittest
from urllib.parse import urlencode

from origins import DjangoOrigin
from shared_tests import SharedTests
from stack import OriginTest, made

FORM = "application/x-www-form-urlencoded"


class DjangoTest(SharedTests, OriginTest):
    origin_class = DjangoOrigin
    pages = {}

    def page(self, name):
        # Five posts, told apart by the query, which is part of the key.
        return f"/post/{self.pages.setdefault(name, len(self.pages)) % 5 + 1}/?{name}"

    def edit(self, number, title):
        """Saves a post through isrd as a browser does; the answer to the POST."""
        form = self.isrd.ask(f"/edit/{number}/")
        cookie = form.fields["set-cookie"].split(";")[0]
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', form.text).group(1)
        body = urlencode({"csrfmiddlewaretoken": token, "title": title, "text": "New words."})
        fields = {"Cookie": cookie, "Content-Type": FORM}
        return self.isrd.ask(f"/edit/{number}/", "POST", fields, body)

    def test_an_edit_shows_after_the_purge(self):
        path = "/post/2/"
        self.isrd.ask(path)
        saved = self.edit(2, "A new title")
        self.assertEqual(saved.status, 302)
        self.assert_cache(saved, "BYPASS")
        self.isrd.command("purge", self.isrd.url(path))
        after = self.isrd.ask(path)
        self.assert_cache(after, "MISS")
        self.assertIn("A new title", after.text)
        self.assertIn("Version <b>2</b>", after.text)

    def test_the_form_is_never_cached(self):
        tokens = set()
        for _ in range(3):
            form = self.isrd.ask("/edit/3/")
            self.assertEqual(form.status, 200)
            self.assert_cache(form, "BYPASS")
            self.assertIn("set-cookie", form.fields)
            tokens.add(form.fields["set-cookie"])
        self.assertEqual(len(tokens), 3)

    def test_a_cookie_passes_by_the_cache(self):
        path = self.page("cookie")
        cached = self.isrd.ask(path)
        own = self.isrd.ask(path, fields={"Cookie": "sessionid=secret"})
        self.assert_cache(own, "BYPASS")
        self.assertNotEqual(made(cached), made(own))

    def test_a_condition_is_answered_with_304(self):
        path = self.page("condition")
        page = self.isrd.ask(path)
        again = self.isrd.ask(path, fields={"If-None-Match": page.fields["etag"]})
        self.assertEqual(again.status, 304)
        self.assert_cache(again, "HIT")
        self.assertEqual(again.body, b"")
        self.assertEqual(again.fields["etag"], page.fields["etag"])
        other = self.isrd.ask(path, fields={"If-None-Match": '"another"'})
        self.assertEqual(other.status, 200)
        self.assertEqual(other.body, page.body)

    def test_a_background_request_says_what_it_is(self):
        path = self.page("background")
        old = made(self.isrd.ask(path))
        self.poll("the new page", path, lambda answer: made(answer) != old)
        self.assertIn("regenerate=1", self.origin.process.log.read_text())


if __name__ == "__main__":
    unittest.main()
