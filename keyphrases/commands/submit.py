"""`keyphrases submit`: the same job on a Ray cluster, through Ray Jobs."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click
import orjson

from keyphrases.console import err, out, printable
from keyphrases.submission.entrypoint import entrypoint
from keyphrases.submission.environment import Environment
from keyphrases.submission.follower import Follower
from keyphrases.submission.head import VARIABLE, head_url, shows_token
from keyphrases.submission.job import Job, Status
from keyphrases.submission.job_client import JobClient
from keyphrases.submission.job_output import JobOutput
from keyphrases.submission.listing import lines_of, rows_of
from keyphrases.submission.night import Night, check_name, how_to_go_on
from keyphrases.submission.submission import Submission
from posts.errors import InputError


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What stands before the sub-command."""

    address: str | None = None
    night: datetime | None = None
    name: str | None = None
    working_dir: Path | None = None
    image: str | None = None
    env: tuple[str, ...] = ()
    attempts: int = 1
    no_follow: bool = False

    def connect(self) -> JobClient:
        """Raises InputError if the cluster cannot be reached."""
        url = head_url(self.address)
        if shows_token(url):
            err.print(f"warning: {url} has no TLS, so others may read its token", markup=False)
        return JobClient(url)


@click.group(name="submit")
@click.option("--address", envvar=VARIABLE, help=f"URL of the Ray head.  [env: {VARIABLE}]")
@click.option(
    "--night",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Night that it runs for, as YYYY-MM-DD.  [default: today in UTC]",
)
@click.option("--name", help="What runs that night.  [default: after the index or the model]")
@click.option(
    "--working-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with code, which travels to the cluster.  [default: the cluster has it]",
)
@click.option("--image", help="Container image for the job's processes.")
@click.option(
    "--env",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="NAME: must be set on the cluster. NAME=VALUE: a plain setting.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How often to submit it in all, if it fails after it had begun.",
)
@click.option("--no-follow", is_flag=True, help="Submit, and do not wait.")
@click.pass_context
def command(ctx: click.Context, **options: Any) -> None:
    """Run `keyphrases index` or `keyphrases train` on a Ray cluster, as a job of a night.

    Refused while that night's job runs and after it has succeeded. Its exit code is the job's.
    """
    ctx.obj = _Options(**options)


def _submitting(kind: str) -> None:
    """Adds the sub-command that submits an inner command; its options are the inner one's."""

    @command.command(
        name=kind,
        help=f"Submit `keyphrases {kind}` with these arguments.",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def submit_one(ctx: click.Context, arguments: tuple[str, ...]) -> None:
        _submit(ctx, kind, arguments)


for _kind in ("index", "train"):
    _submitting(_kind)


def _submit(ctx: click.Context, kind: str, arguments: Sequence[str]) -> None:
    options: _Options = ctx.obj
    submission = _submission(ctx, kind, arguments)
    if options.no_follow and options.attempts > 1:
        raise InputError("--attempts needs a submitter that waits; leave out --no-follow")
    cluster = options.connect()
    if options.no_follow:
        id = submission.submit(cluster)
        err.print(f"{id} is submitted; {how_to_go_on(id)}", markup=False)
        return

    def follow(id: str) -> Job:
        err.print(f"{id} is submitted; {how_to_go_on(id)}", markup=False)
        return _follow(cluster, id)

    _leave(submission.see_through(cluster, follow, options.attempts))


def _submission(ctx: click.Context, kind: str, arguments: Sequence[str]) -> Submission:
    """Checks all that can be checked without the cluster."""
    # Imported late: with it come the models' libraries, which `list` and `logs` need not wait for.
    from keyphrases.submission import inner_command

    options: _Options = ctx.obj
    environment = Environment.parse(options.env)
    if options.working_dir is not None and options.image is not None:
        raise InputError("--working-dir and --image exclude each other: the image has the code")
    inner = importlib.import_module(f"keyphrases.commands.{kind}").command
    given = inner_command.read_command(inner, arguments, ctx)
    inner_command.check_places(kind, given, options.working_dir)
    name = inner_command.default_name(kind, given) if options.name is None else options.name
    name = inner_command.full_name(check_name(name), given)
    return Submission(
        night=Night(name=name, date=(options.night or datetime.now(UTC)).date()),
        entrypoint=entrypoint(kind, arguments, environment.references),
        env_vars=environment.env_vars,
        working_dir=options.working_dir,
        image=options.image,
    )


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_jobs(options: _Options, as_json: bool) -> None:
    """List the jobs of all nights that the cluster remembers."""
    rows = rows_of(_only_address(options, "list").connect().jobs(), datetime.now(UTC))
    if as_json:
        click.echo(orjson.dumps(rows))
    elif rows:
        out.print(*lines_of(rows), sep="\n", markup=False)
    else:
        out.print("The cluster remembers no job of any night.")


@command.command()
@click.argument("id")
@click.pass_obj
def logs(options: _Options, id: str) -> None:
    """Follow the job ID to its end; the exit code is the job's."""
    cluster = _only_address(options, "logs").connect()
    cluster.job(id)
    _leave(_follow(cluster, id))


@command.command()
@click.argument("id")
@click.pass_obj
def stop(options: _Options, id: str) -> None:
    """Stop the job ID, which has half a minute for what it is at."""
    cluster = _only_address(options, "stop").connect()
    if (job := cluster.job(id)).status.ended:
        err.print(f"{id} had ended: it {job.outcome}", markup=False)
        return
    cluster.stop(id)
    with _interruptible(id):
        job = Follower(cluster, on_line=lambda _line: None).follow(id)
    err.print(f"{id} {job.outcome}", markup=False)


def _only_address(options: _Options, name: str) -> _Options:
    if options != _Options(address=options.address):
        raise InputError(f"`keyphrases submit {name}` takes --address only")
    return options


def _follow(cluster: JobClient, id: str) -> Job:
    """Shows the job's lines until it has ended."""
    output = JobOutput(out=click.echo, err=lambda line: click.echo(line, err=True))
    with _interruptible(id):
        job = Follower(cluster, output.line).follow(id)
    err.print(printable(f"{id} {job.outcome}"), markup=False)
    output.end(succeeded=job.status is Status.SUCCEEDED)
    return job


@contextmanager
def _interruptible(id: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the submitter alone: a pod that is moved must not cost the night."""

    def leave(number: int, _frame: FrameType | None) -> None:
        err.print(f"{id} goes on without this command; {how_to_go_on(id)}", markup=False)
        sys.exit(128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(job: Job) -> None:
    if job.exit_code_of_submitter:
        sys.exit(job.exit_code_of_submitter)
