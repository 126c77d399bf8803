"""From values to HTML; whatever comes from data is escaped."""

from typing import Any


def render(template: str, *, page: Any) -> str:
    """Return a template, by its file name, filled with what a page shows."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  an extra

    environment = Environment(
        loader=PackageLoader("isegformer.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page)
