from pathlib import Path

from isegformer.evaluation.comparison import compare
from isegformer.evaluation.report import write_comparison
from isegformer.evaluation.report.comparison_page import comparison_page
from isegformer.evaluation.stored import StoredEvaluation


def stored(name, *records) -> StoredEvaluation:
    summary = {"configuration": {"protocol": name}}
    return StoredEvaluation(path=Path(name), kind="clicks", summary=summary, records=records)


def test_page_shows_means_difference_and_verdict(make_record):
    cases = ("k", "l")
    comparison = compare(
        stored("a", *(make_record((0.5,), case=case) for case in cases)),
        stored("b", *(make_record((0.75,), case=case, method="swin") for case in cases)),
    )
    page = comparison_page(comparison)
    assert page.title == "compact and swin"
    row = next(row for row in page.table.rows if row[4].text == "IoU after 1")
    assert [cell.text for cell in row[5:]] == ["0.500", "0.750", "+0.250", "2", "second"]
    assert dict(page.counts)["data folders"] == "1"


def test_one_case_has_no_interval_and_no_verdict(make_record):
    page = comparison_page(
        compare(stored("a", make_record((0.5,))), stored("b", make_record((0.75,), method="swin")))
    )
    row = next(row for row in page.table.rows if row[4].text == "IoU after 1")
    assert [cell.text for cell in row[5:]] == ["0.500", "0.750", "+0.250", "1", "not shown"]
    assert {cell.interval for cell in row} == {""}


def test_hostile_names_are_text(tmp_path, make_record, hostile):
    records = [make_record((0.5,), method=hostile)]
    write_comparison(compare(stored("a", *records), stored("b", *records)), tmp_path / "c.html")
    text = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert hostile not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)" in text
    assert "protocol is &#39;a&#39; in the first evaluation" in text
    assert text.count("<script>") == 1
