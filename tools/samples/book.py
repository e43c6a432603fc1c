"""An EPUB 3 book with one file a chapter."""

from __future__ import annotations

from html import escape
from pathlib import Path

from . import archive
from .source import Block, read

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf"
 media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">ranklens:{name}</dc:identifier><dc:title>{title}</dc:title>
<dc:language>en</dc:language><dc:creator>Ranklens sample library</dc:creator>
<meta property="dcterms:modified">{moment:%Y-%m-%dT%H:%M:%SZ}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def build(source: str, title: str, target: Path) -> None:
    """Write a book; every heading of level 1 in `source` starts a chapter."""
    chapters = _chapters(read(source))
    files = {f"chapter-{number}": blocks for number, blocks in enumerate(chapters, start=1)}
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": _package(target.stem, title, list(files)),
        "OEBPS/nav.xhtml": _contents(files),
    }
    members |= {f"OEBPS/{name}.xhtml": _page(blocks) for name, blocks in files.items()}
    archive.write(target, [(name, text.encode()) for name, text in members.items()])


def _chapters(blocks: list[Block]) -> list[list[Block]]:
    chapters: list[list[Block]] = []
    for block in blocks:
        if block.level == 1:
            chapters.append([])
        chapters[-1].append(block)
    return chapters


def _package(name: str, title: str, files: list[str]) -> str:
    items = [
        f'<item id="{file}" href="{file}.xhtml" media-type="application/xhtml+xml"/>'
        for file in files
    ]
    spine = [f'<itemref idref="{file}"/>' for file in files]
    return PACKAGE.format(
        name=name,
        title=escape(title),
        moment=archive.MOMENT,
        items="\n".join(items),
        spine="\n".join(spine),
    )


def _contents(files: dict[str, list[Block]]) -> str:
    links = [
        f'<li><a href="{name}.xhtml">{escape(blocks[0].text)}</a></li>'
        for name, blocks in files.items()
    ]
    body = '<nav epub:type="toc"><h1>Contents</h1><ol>\n' + "\n".join(links) + "\n</ol></nav>"
    return PAGE.format(title="Contents", body=body)


def _page(blocks: list[Block]) -> str:
    tags = ["h1" if block.kind == "heading" else "p" for block in blocks]
    body = [f"<{tag}>{escape(block.text)}</{tag}>" for tag, block in zip(tags, blocks, strict=True)]
    return PAGE.format(title=escape(blocks[0].text), body="\n".join(body))
