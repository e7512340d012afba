"""Reads what is told of postings everywhere, by somebody else's libraries.

    feeds.py < {"atom": "...", "jobs": "...", "sitemaps": ["...", ...], "posters": ["base64", ...]}

Says as JSON what is in each: the entries of the feed by feedparser, the jobs and addresses by an XML parser, and of each poster its pages, their
size in points, its text by pypdf, and what a scanner (ZXing) reads off it as pdfium draws it.
"""

import base64
import io
import json
import sys
import xml.etree.ElementTree as ET

import feedparser
import pypdf
import pypdfium2
import zxingcpp


def atom(text):
    read = feedparser.parse(text.encode())
    assert not read.bozo, read.bozo_exception
    links = {link.rel: link.href for link in read.feed.links}
    entries = [
        {
            "id": entry.id,
            "title": entry.title,
            "link": entry.link,
            "author": entry.author,
            "published": entry.published,
            "content": entry.content[0].value,
            "tags": [tag.term for tag in entry.get("tags", [])],
        }
        for entry in read.entries
    ]
    return {"version": read.version, "title": read.feed.title, "links": links, "entries": entries}


def jobs(text):
    root = ET.fromstring(text)
    assert root.tag == "source"
    return [{field.tag: field.text or "" for field in job} for job in root.findall("job")]


def sitemap(text):
    root = ET.fromstring(text)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    return [found.text for found in root.iter(space + "loc")]


def poster(data):
    data = base64.b64decode(data)
    read = pypdf.PdfReader(io.BytesIO(data), strict=True)
    drawn = pypdfium2.PdfDocument(data)[0].render(scale=2).to_pil()
    return {
        "pages": len(read.pages),
        "size": [float(read.pages[0].mediabox.width), float(read.pages[0].mediabox.height)],
        "title": read.metadata.title,
        "text": read.pages[0].extract_text(),
        "fonts_embedded": all(
            "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] for font in read.pages[0]["/Resources"]["/Font"].values()
        ),
        "codes": [code.text for code in zxingcpp.read_barcodes(drawn)],
    }


asked = json.load(sys.stdin)
json.dump(
    {
        "atom": atom(asked["atom"]),
        "jobs": jobs(asked["jobs"]),
        "sitemaps": [sitemap(text) for text in asked["sitemaps"]],
        "posters": [poster(data) for data in asked["posters"]],
    },
    sys.stdout,
)
