"""The page parses, refers to nothing outside, escapes what comes from data and shows the right numbers."""

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from isegformer.errors import DatasetError, WriteError
from isegformer.evaluation.records import RecordKey, VolumeRecord
from isegformer.evaluation.report import write_report

VOID = {"meta", "img", "link", "br", "input"}


@dataclass
class Page(HTMLParser):
    """What a page is made of; fails where an element is closed that is not open."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data.strip())

    def all(self, tag):
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


@pytest.fixture
def written(tmp_path, summary, records, picture) -> Path:
    path = tmp_path / "report.html"
    write_report(summary, records, lambda record: (replace(picture, clicks=record.clicks),), path)
    return path


def test_page_closes_all_its_elements_and_ids_are_unique(written):
    page = parsed(written)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert page.tags[0][0] == "html"
    assert len(ids) == len(set(ids))
    assert {a["href"] for a in page.all("a")} <= {f"#{name}" for name in ids}


def test_page_refers_to_nothing_outside(written):
    page = parsed(written)
    text = written.read_text(encoding="utf-8")
    assert re.search(r"(https?:)?//", re.sub(r"data:image/png;base64,[\w+/=]+", "", text)) is None
    assert page.all("link") == []
    assert "@import" not in text
    assert "url(" not in text
    assert all(a["src"].startswith("data:image/png;base64,") for a in page.all("img"))
    assert all("src" not in attributes for attributes in page.all("script"))
    assert {"http-equiv": "Content-Security-Policy"}.items() <= page.all("meta")[2].items()


def test_hostile_names_are_text(written, hostile):
    page = parsed(written)
    assert len(page.all("script")) == 1
    assert page.all("b") == []
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert hostile in page.texts  # as the name of the case
    assert page.texts.count(hostile) == 2  # and in the configuration
    assert any(hostile in (attributes["alt"] or "") for attributes in page.all("img"))


def test_numbers_of_the_tables_are_those_of_the_summary(written):
    page = parsed(written)
    values = [a["data-value"] for tag, a in page.tags if tag == "td" and "data-value" in a]
    assert values[:3] == ["3", "8.25", "9.25"]  # compact: cases, NoC@85, NoC@90
    assert {"0.125", "0.4567", "0.0625", "812.0", "-1.5"} <= set(values)
    for text in ("8.25", "8.00 to 8.75", "12.5\N{NARROW NO-BREAK SPACE}%", "0.457", "0.062"):
        assert text in page.texts
    assert "\N{MINUS SIGN}1.50" in page.texts
    assert "\N{MINUS SIGN}2.00 to +0.12" in page.texts


def test_only_chosen_numbers_of_clicks_have_a_column(written):
    texts = parsed(written).texts
    assert "0.700" in texts
    assert "0.800" not in texts  # after 4 clicks: in the curve only


def test_headers_have_scope_and_say_that_they_sort(written):
    heads = parsed(written).all("th")
    assert {head["scope"] for head in heads} == {"col", "row"}
    assert all(head["aria-sort"] == "none" for head in heads if head["scope"] == "col")


def test_every_title_of_a_column_is_a_button_and_numbers_sort_by_their_values(written):
    page = parsed(written)
    n_columns = sum(head["scope"] == "col" for head in page.all("th"))
    assert page.all("button") == [{"type": "button"}] * n_columns  # so that the keyboard reaches them
    numbers = [a["data-value"] for a in page.all("td") if a.get("class") == "number" and "data-value" in a]
    assert 0.4567 in [float(value) for value in numbers]  # all are numbers, or float() raises
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in page.all("div") if a.get("role") == "region")


def test_pictures_have_alternative_texts_and_clicks(written):
    page = parsed(written)
    assert len(page.all("img")) == 3  # the cases of compact that were measured
    assert all("outlines of truth and prediction" in image["alt"] for image in page.all("img"))
    signs = [a["class"] for tag, a in page.tags if tag == "g" and (a.get("class") or "").startswith("sign")]
    assert signs.count("sign positive") == 1 + 2 + 1 + 1  # the last one is in the legend
    assert signs.count("sign negative") == 1 + 1 + 0 + 1


def test_kinds_of_clicks_differ_in_shape_and_not_only_in_colour(written):
    page = parsed(written)
    inside = [next(tag for tag, _ in page.tags[at + 1 :]) for at in _places_of(page, "sign positive")]
    assert set(inside) == {"circle"}
    inside = [next(tag for tag, _ in page.tags[at + 1 :]) for at in _places_of(page, "sign negative")]
    assert set(inside) == {"rect"}


def _places_of(page: Page, kind: str) -> list[int]:
    return [at for at, (_, attributes) in enumerate(page.tags) if attributes.get("class") == kind]


def test_charts_have_descriptions_and_bands(written):
    page = parsed(written)
    charts = [a for a in page.all("svg") if a.get("role") == "img"]
    assert len(charts) == 3
    assert all(chart["aria-labelledby"] for chart in charts)
    assert any("compact: 0.550 after 1 click, 0.817 after 20 clicks" in text for text in page.texts)
    assert len(page.all("polygon")) == 3  # two methods in each chart; grabcut has one case, so no band
    assert len(page.all("polyline")) == 6


def test_failed_cases_are_listed_with_their_errors(written):
    texts = parsed(written).texts
    assert "image is <b>torn</b>" in texts
    assert "1 measurement failed and is in no number of this page; see below." in texts


def test_a_picture_that_cannot_be_made_is_replaced_by_the_reason(tmp_path, summary, records, picture):
    def source(record):
        if record.key.case == "c":
            raise DatasetError("case c is gone")
        return (picture,)

    write_report(summary, records, source, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert len(page.all("img")) == 2
    assert "No picture: case c is gone" in page.texts


def test_without_a_source_there_are_no_pictures(tmp_path, summary, records):
    write_report(summary, records, None, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert page.all("img") == []
    assert any("IoU 0.900 after 2 clicks" in text for text in page.texts)


def test_an_empty_evaluation_is_a_page_that_says_so(tmp_path):
    write_report({"kind": "clicks", "datasets": {}, "methods": {}}, [], None, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert "No case was measured." in page.texts
    assert page.all("table") == []


def test_an_evaluation_where_every_case_failed_is_a_page(tmp_path, records, summary):
    nothing = {"cases": 0, "noc": {"85": None}, "noc_interval": {"85": None}, "iou_after": {"1": None}}
    summary = {**summary, "datasets": {"knees": nothing}, "methods": {"compact": {"knees": nothing}}}
    write_report(summary, [records[-1]], None, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert "\N{EN DASH}" in page.texts
    assert page.all("polygon") == []


def test_one_case_is_shown_once(tmp_path, summary, records, picture):
    write_report(summary, records[:1], lambda record: (picture,), tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert len(page.all("img")) == 1
    assert "Best" in page.texts
    assert "Worst" not in page.texts


def test_volumes_have_dice_metrics_peers_and_curves(tmp_path):
    given = [
        VolumeRecord(
            key=RecordKey(dataset="colon", case="v", label=1, method=method, setting=str(n)),
            annotated=tuple(range(n)),
            metrics={"dice": dice},
        )
        for method, n, dice in (("combined", 1, 0.6), ("combined", 3, 0.8), ("interpolate", 3, 0.7))
    ]
    robot = VolumeRecord(
        key=RecordKey(dataset="colon", case="v", label=1, method="combined", setting="robot"),
        annotated=(4, 2),
        n_clicks=5,
        metrics={"dice": 0.9},
        curve=((1, 3, 0.5), (2, 5, 0.9)),
    )
    numbers = {
        "cases": 1,
        "dice": {"1": 0.6, "3": 0.8125},
        "metrics": {"3": {"iou": 0.6875, "hd95_mm": 3.25}},
    }
    peers = {"interpolate": {"cases": 1, "dice": {"3": 0.7}}}
    summary = {
        "kind": "volumes",
        "datasets": {"colon": {**numbers, "peers": peers}},
        "methods": {"combined": {"colon": numbers}},
    }
    write_report(summary, [*given, robot], None, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    values = [a["data-value"] for tag, a in page.tags if tag == "td" and "data-value" in a]
    assert {"0.8125", "0.6875", "3.25", "0.7"} <= set(values)
    assert {"HD95 (mm)", "Dice, given slices", "interpolate"} <= set(page.texts)
    assert page.texts.count("Dice, robot") == 2
    assert any("combined: 0.500 after 3 clicks, 0.900 after 5 clicks" in text for text in page.texts)
    assert {"Best, from given slices", "Best, robot"} <= set(page.texts)


def test_a_case_can_have_several_slices_each_with_its_place(tmp_path, summary, records, picture):
    slices = (replace(picture, place="slice 4, Dice 0.500"), replace(picture, place="slice 9, Dice 0.750"))
    write_report(summary, records[:1], lambda record: slices, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    assert [image["alt"][:20] for image in page.all("img")] == [
        "slice 4, Dice 0.500:",
        "slice 9, Dice 0.750:",
    ]
    assert {"slice 4, Dice 0.500", "slice 9, Dice 0.750"} <= set(page.texts)
    assert {"class": "cases pairs"} in page.all("ol")


def test_page_cannot_be_written_into_a_folder_that_is_not_there(tmp_path, summary, records):
    with pytest.raises(WriteError, match="could not write"):
        write_report(summary, records, None, tmp_path / "absent" / "report.html")
