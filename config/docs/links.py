# SPDX-License-Identifier: BSD-2-Clause
"""Looks whether every link within a site leads somewhere, to its file and to the place in it.

    links.py DIR
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def main(directory):
    root = pathlib.Path(directory).resolve()
    pages = {p: Page(p.read_text()) for p in root.rglob("*.html")}
    bad, inside, outside = [], 0, set()
    for path, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:|//", link):
                outside.add(link)
                continue
            inside += 1
            target, _, place = link.partition("#")
            file = (path.parent / urllib.parse.unquote(target.split("?")[0])).resolve() if target else path
            place = urllib.parse.unquote(place)
            if not file.is_file():
                bad.append(f"{path.relative_to(root)}: {link} leads nowhere")
            elif place and file in pages and place not in pages[file].places:
                bad.append(f"{path.relative_to(root)}: there is no {place} in {file.relative_to(root)}")
    if bad or not inside:
        sys.exit("\n".join(sorted(set(bad)) or [f"there are no links in {directory}"]))
    print(f"{len(pages)} pages, {inside} links within the site lead somewhere; {len(outside)} to elsewhere, not looked at")


if __name__ == "__main__":
    main(*sys.argv[1:])
