"""Two evaluations side by side: paired differences over the cases that both measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from isegformer.errors import ConfigError
from isegformer.evaluation.cases import object_of
from isegformer.evaluation.quantities import better_of, quantities
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.records import RecordKey
from isegformer.evaluation.statistics import Estimate, bootstrap_mean, paired_difference
from isegformer.evaluation.stored import StoredEvaluation

HOW_IT_WAS_MEASURED = (
    "protocol",
    "user",
    "users",
    "objects",
    "only_last",
    "axis",
    "at",
    "labels",
    "ignored_label",
    "least_area_px",
    "spread",
    "tolerance_mm",
)
"""Entries of a configuration that change what the numbers mean; a difference in one of them is a warning."""
NAMES_OF_METHODS = ("methods", "weights", "peers")
"""Entries that may differ, since they are what is compared."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One quantity of two methods on the cases that both measured."""

    dataset: str
    methods: tuple[str, str]
    """Of the first and of the second evaluation."""
    setting: str
    """What else was varied, see `RecordKey.setting`."""
    quantity: str
    first: Estimate
    second: Estimate
    difference: Estimate
    """Second minus first."""

    @property
    def verdict(self) -> str:
        """Return which one is better: "first", "second", or "" where that is not shown."""
        return better_of(("first", "second"), self.quantity, interval=self.difference.interval)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two evaluations, compared."""

    kind: str
    paths: tuple[str, str]
    warnings: tuple[str, ...]
    """Why the numbers may not be comparable."""
    differences: tuple[Difference, ...]

    def record(self) -> dict[str, Any]:
        """Return the comparison ready for JSON."""
        entries = [{**asdict(one), "better": one.verdict} for one in self.differences]
        return {**asdict(self), "differences": entries}


def compare(first: StoredEvaluation, second: StoredEvaluation) -> Comparison:
    """Compare two evaluations case by case.

    Methods of one name are compared with each other. Where the first method of the first evaluation is not in
    the second, it is compared with the first one there: the same data, evaluated with two weights.

    Raises
    ------
    ConfigError : the two are of different kinds, or have no data folder or no measured case in common
    """
    if first.kind != second.kind:
        raise ConfigError(
            f"{first.path} is of the kind {first.kind}, {second.path} of {second.kind}; expected two of one "
            "kind"
        )
    datasets = [name for name in _datasets(first) if name in _datasets(second)]
    if not datasets:
        raise ConfigError(
            f"there is no common data folder: {first.path} has {_listed(_datasets(first))}, {second.path} "
            f"has {_listed(_datasets(second))}"
        )
    pairs = method_pairs(_methods(first), _methods(second))
    differences = [
        one for dataset in datasets for pair in pairs for one in _of_pair(first, second, dataset, pair)
    ]
    if not differences:
        raise ConfigError(
            f"{first.path} and {second.path} have no measured case in common in {_listed(datasets)}; "
            "evaluate the same cases (same --limit and --seed)"
        )
    return Comparison(
        kind=first.kind,
        paths=(str(first.path), str(second.path)),
        warnings=(*_other_settings(first, second), *_left_out(first, second, datasets, pairs)),
        differences=tuple(differences),
    )


def method_pairs(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    """Return which methods are compared: those of one name, and those that lead if the first has no namesake.

    >>> method_pairs(["compact", "grabcut"], ["swin", "grabcut"])
    [('compact', 'swin'), ('grabcut', 'grabcut')]
    """
    has_leaders = bool(first and second) and first[0] not in second
    leading = [(first[0], second[0])] if has_leaders else []
    return [*leading, *((name, name) for name in first if name in second)]


def _of_pair(
    first: StoredEvaluation, second: StoredEvaluation, dataset: str, pair: tuple[str, str]
) -> Iterator[Difference]:
    """Yield the differences of two methods on a data folder, by setting and quantity."""
    ours, theirs = _measured(first, dataset, pair[0]), _measured(second, dataset, pair[1])
    common = [place for place in ours if place in theirs]
    for setting in dict.fromkeys(setting for _, _, setting in common):
        cases = [place for place in common if place[2] == setting]
        names = dict.fromkeys(name for place in cases for name in ours[place] if name in theirs[place])
        for name in names:
            held = [place for place in cases if name in ours[place] and name in theirs[place]]
            a, b = [ours[place][name] for place in held], [theirs[place][name] for place in held]
            groups = [_case_of(dataset, place) for place in held]
            yield Difference(
                dataset=dataset,
                methods=pair,
                setting=setting,
                quantity=name,
                first=bootstrap_mean(a, groups=groups),
                second=bootstrap_mean(b, groups=groups),
                difference=paired_difference(a, b, groups=groups),
            )


def _measured(
    evaluation: StoredEvaluation, dataset: str, method: str
) -> dict[tuple[str, int, str], Mapping[str, float]]:
    """Return the quantities of every measured object, by case, label and setting."""
    return {
        (record.key.case, record.key.label, record.key.setting): found
        for record in evaluation.records
        if record.key.dataset == dataset and record.key.method == method and (found := quantities(record))
    }


def _case_of(dataset: str, place: tuple[str, int, str]) -> str:
    """Return the image or volume of an object: those of one resemble each other."""
    case, label, setting = place
    return object_of(RecordKey(dataset=dataset, case=case, label=label, method="", setting=setting)).case


def _other_settings(first: StoredEvaluation, second: StoredEvaluation) -> list[str]:
    """Return a warning for every choice that changes what the numbers mean."""
    ours, theirs = (one.summary.get("configuration", {}) for one in (first, second))
    return [
        f"{name} is {ours.get(name)!r} in the first evaluation and {theirs.get(name)!r} in the second; the "
        "numbers mean different things"
        for name in HOW_IT_WAS_MEASURED
        if ours.get(name) != theirs.get(name)
    ]


def _left_out(
    first: StoredEvaluation,
    second: StoredEvaluation,
    datasets: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> list[str]:
    """Return a warning for every pair of methods that does not share all measured cases."""
    warnings = []
    for dataset in datasets:
        for pair in pairs:
            ours, theirs = _measured(first, dataset, pair[0]), _measured(second, dataset, pair[1])
            alone = len(ours.keys() ^ theirs.keys())
            if alone:
                warnings.append(
                    f"{dataset}, {' and '.join(dict.fromkeys(pair))}: measurements left out, since only one "
                    f"evaluation has them: {alone}; compared: {len(ours.keys() & theirs.keys())}"
                )
    return warnings


def _datasets(evaluation: StoredEvaluation) -> list[str]:
    return list(dict.fromkeys(record.key.dataset for record in evaluation.records))


def _methods(evaluation: StoredEvaluation) -> list[str]:
    """Return the methods in the order of the summary, so that the first one leads."""
    of_records = dict.fromkeys(_method_names(evaluation.records))
    of_summary = [name for name in evaluation.summary.get("methods", {}) if name in of_records]
    return list(dict.fromkeys([*of_summary, *of_records]))


def _method_names(records: Sequence[CaseRecord]) -> Iterator[str]:
    """Yield the methods of records; those of cases that no method could use have none."""
    yield from (record.key.method for record in records if record.key.method)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
