"""A page of a view, read as a browser would without styles and scripts."""

import html.parser

VOID = {"input"}


class Page(html.parser.HTMLParser):
    """Its tags, whether each is closed, and the text of each row.

    Attributes:
      rows: for each row the texts of its cells, the heads of the columns first.
      tags: how often each tag occurs.
      opened: the labels of the scopes and variables that are open.
      text: all of it but style and script.
    """

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.stack, self.opened = [], {}, [], []
        self.text = ""
        self.is_open = False
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        """Counts it, and starts a row or a cell."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "details":
            self.is_open = ("open", None) in attrs
        if "sj-row" in (dict(attrs).get("class") or "").split():
            self.rows.append([])
        inside = self.stack[-2:-1] in (["summary"], ["div"])
        if tag in ("code", "span") and inside and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        """Closes what was opened last."""
        assert self.stack.pop() == tag
        if tag == "code" and self.is_open:
            self.opened.append(self.rows[-1][0])

    def handle_data(self, data):
        """Adds to the cell that is open."""
        if self.stack and self.stack[-1] in ("style", "script"):
            return
        self.text += data
        if self.rows and self.rows[-1] and {"code", "span"} & set(self.stack[-2:]):
            self.rows[-1][-1] += data
