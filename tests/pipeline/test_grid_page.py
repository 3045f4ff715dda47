"""The page of a grid: every link and name in it, whatever they are called."""

from html.parser import HTMLParser

from stylize.pipeline.grid_page import MARK, Tile, grid_page


class _Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1], data))

    def all(self, tag, key):
        return [attributes.get(key) for name, attributes in self.tags if name == tag]


def test_small_pictures_lead_to_large_ones():
    tiles = [Tile(f"pictures/{k}.png", f"thumbnails/{k}.jpg", (30, 20 + k)) for k in range(3)]
    page = grid_page(
        title="g",
        headings=["original", "wave"],
        styles=[None, tiles[0]],
        rows=[("cat", [tiles[1], tiles[2]]), ("dog", [tiles[0], None])],
    )
    read = _Reader(page)
    assert not read.open
    assert MARK.encode() in page
    assert read.all("a", "href") == [f"pictures/{k}.png" for k in (0, 1, 2, 0)]
    assert read.all("img", "src") == [f"thumbnails/{k}.jpg" for k in (0, 1, 2, 0)]
    assert set(read.all("img", "loading")) == {"lazy"}
    assert read.all("img", "height") == ["20", "21", "22", "20"]
    assert read.all("img", "alt")[1:3] == ["cat: original", "cat: wave"]
    assert [text for tag, text in read.texts if tag == "th"] == [
        *("original", "wave", "style", "cat", "dog")
    ]
    assert [text for tag, text in read.texts if tag == "td"] == ["failed"]
    assert len(read.all("td", "class")) == 6


def test_the_page_needs_nothing_from_elsewhere():
    page = grid_page(title="g", headings=["a"], styles=[], rows=[("b", [None])])
    assert b"://" not in page
    assert not {"script", "link", "iframe"} & {tag for tag, _ in _Reader(page).tags}


def test_names_are_only_names():
    evil = "\"><script>alert('&amp;')</script>"
    name = f"{evil} \udcff 画"
    tile = Tile(f"pictures/{evil}#?%41.png", "thumbnails/a b.jpg", (1, 1))
    page = grid_page(title=name, headings=[name], styles=[], rows=[(name, [tile])])
    read = _Reader(page)
    shown = name.replace("\udcff", "?")
    assert {tag for tag, _ in read.tags}.isdisjoint({"script"})
    assert [text for tag, text in read.texts if tag in ("title", "th")] == [shown] * 3
    assert read.all("img", "alt") == [f"{shown}: {shown}"]
    assert read.all("img", "src") == ["thumbnails/a%20b.jpg"]
    assert "#" not in read.all("a", "href")[0]
