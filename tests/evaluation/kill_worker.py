"""Evaluates cells and asks after every record whether to go on. Started by test_click_evaluation.py.

kill_worker.py DATA_FOLDER OUTPUT_FOLDER
"""

import sys
from pathlib import Path

from evaluation_fakes import evaluation_of

from isegformer.evaluation.click_evaluation import carry_out, plan_clicks
from isegformer.evaluation.executors import SerialExecutor
from isegformer.evaluation.record_json import click_record_from_json
from isegformer.evaluation.result_log import ResultLog


def ask(done, total):
    del total
    if done:
        sys.stdout.write("measured\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    cells, output = map(Path, sys.argv[1:])
    log = ResultLog(output, {}, from_json=click_record_from_json, is_resumed=True)
    carry_out(plan_clicks(evaluation_of(cells)), executor=SerialExecutor(), keeper=log, on_progress=ask)
