"""Reports of evaluations: one page without outside references, and tables of every case."""

from isegformer.evaluation.report.case_picture import CasePicture, PictureSource
from isegformer.evaluation.report.case_table import write_case_table
from isegformer.evaluation.report.comparison_page import write_comparison
from isegformer.evaluation.report.page import write_report

__all__ = ["CasePicture", "PictureSource", "write_case_table", "write_comparison", "write_report"]
