"""Standard fine-tuning and AimKP under label noise, and AimKP with parts of it taken away.

    python -m bench.ablation                 # runs what is not there yet, then reports
    python -m bench.ablation --report        # reports alone, from bench/results/ablation/

Ten conditions, each with several seeds; every run is a file of its own, so a killed study goes on
where it was. The report is bench/results/ablation.json, .png and tables on stdout.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import torch

from bench.result import RESULTS
from bench.study.conditions import Plan, plans
from bench.study.fine_tuning import run
from bench.study.report import report
from bench.study.run_files import is_finished, write_run

RUNS = RESULTS / "ablation"


def main() -> None:
    """Runs, then reports."""
    asked = _arguments()
    torch.set_num_threads(1)
    if not asked.report:
        run_all(plans(range(asked.seeds)), RUNS, asked.workers)
    report(RUNS)


def run_all(wanted: Sequence[Plan], folder: Path, workers: int) -> list[Plan]:
    """Runs those that the folder does not have yet; gives them."""
    missing = [plan for plan in wanted if not is_finished(plan, folder)]
    print(f"{len(wanted) - len(missing)} of {len(wanted)} runs are there", flush=True)
    if not missing:
        return missing
    began = time.monotonic()
    # Fresh processes: a forked one would inherit threads of torch that are not there.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), torch.set_num_threads, (1,))
    try:
        pending = {pool.submit(_run, plan, folder): plan for plan in missing}
        for done, future in enumerate(as_completed(pending), start=1):
            left = (time.monotonic() - began) / done * (len(missing) - done)
            f1 = future.result()
            print(
                f"[{done}/{len(missing)}] {pending[future].name}: clean F1@3 {f1:.3f}, "
                f"{left / 60:.0f} min left",
                flush=True,
            )
    finally:
        pool.shutdown(cancel_futures=True)
    return missing


def _run(plan: Plan, folder: Path) -> float:
    measured = run(plan)
    write_run(plan, measured, folder)
    return float(measured["scores"]["clean"]["all"]["f1@3"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"{Path(sys.executable).name} -m bench.ablation")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each condition")
    parser.add_argument(
        "--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes at a time"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, report what is there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
