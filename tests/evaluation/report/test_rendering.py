import pytest
from jinja2 import UndefinedError

from isegformer.evaluation.report.rendering import render


def test_a_template_that_asks_for_what_a_page_lacks_is_an_error_and_not_a_gap():
    with pytest.raises(UndefinedError, match="title"):
        render("comparison.html.j2", page={})
