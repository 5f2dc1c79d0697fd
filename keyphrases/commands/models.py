"""`keyphrases models`: the versions in a store and what their aliases mean."""

from __future__ import annotations

import click
import orjson
from rich.markup import escape

from keyphrases.console import out, table
from model_store.store import PRODUCTION, Store
from posts.errors import InputError

_STORE = click.option("--store", "uri", required=True, help="Local path or s3://bucket/prefix.")
_ALIAS = click.option(
    "--alias", default=PRODUCTION, show_default=True, help="The name that moves, of NAME@ALIAS."
)
_SCORES = ("f1@1", "f1@3", "map@5")
_COLUMNS = ("model", "aliases", "base", "method", *_SCORES, "created", "digest")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="models")
def command() -> None:
    """List, inspect, promote, roll back and verify models."""


@command.command(name="list")
@_STORE
@_JSON
def list_models(uri: str, as_json: bool) -> None:
    """List all versions with their validation scores and aliases."""
    store = Store(uri)
    rows = [_summary(store, ref) for ref in store.list()]
    if as_json:
        click.echo(orjson.dumps(rows))
    elif rows:
        out.print(
            table(
                f"Models in {escape(uri)} (validation scores: cmkp)",
                _COLUMNS,
                [row.values() for row in rows],
            )
        )
    else:
        # Brackets in a path are no markup.
        out.print(
            f"There is no model in {uri} yet; `keyphrases train` publishes one.", markup=False
        )


@command.command()
@click.argument("model")
@_STORE
@_JSON
def show(model: str, uri: str, as_json: bool) -> None:
    """Show what NAME[@VERSION or @ALIAS] is and how its training went."""
    store = Store(uri)
    found = store.resolve(model)
    if as_json:
        card = orjson.loads(found.card.to_json())
        content = {"model": str(found), **card}
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    else:
        # Only here: it loads torch.
        from keyphrases.card_display import show_card

        show_card(store, found)


@command.command()
@click.argument("model")
@_STORE
@_ALIAS
def promote(model: str, uri: str, alias: str) -> None:
    """Let an alias mean NAME@VERSION from now on."""
    if "@" not in model:
        raise InputError(f"say which version of {model} to promote: {model}@VERSION")
    store = Store(uri)
    found = store.resolve(model)
    store.promote(found.name, found.version, alias)
    out.print(f"{found.name}@{alias} is now {found}")


@command.command()
@click.argument("name")
@_STORE
@_ALIAS
def rollback(name: str, uri: str, alias: str) -> None:
    """Let an alias mean again what it meant before."""
    version = Store(uri).rollback(name, alias)
    out.print(f"{name}@{alias} is now {name}@{version}")


@command.command()
@click.argument("model")
@_STORE
def verify(model: str, uri: str) -> None:
    """Hash every file of NAME[@VERSION or @ALIAS] anew and compare with its card."""
    found = Store(uri).verify(model)
    out.print(f"{found} is whole: {len(found.card.files)} files, digest {found.card.digest[:12]}")


def _summary(store: Store, ref: str) -> dict[str, object]:
    """One bad card must not hide the other versions."""
    try:
        found = store.resolve(ref)
        aliases = store.aliases_of(found)
    except InputError:
        nothing: dict[str, object] = dict.fromkeys(_COLUMNS, "")
        return nothing | {"model": ref, "method": "(corrupt)"}
    card = found.card
    scores = card.metrics.get("validation", {}).get("cmkp", {}).get("all", {})
    return {
        "model": ref,
        "aliases": ", ".join(aliases),
        "base": card.base.name,
        "method": card.training.get("config", {}).get("method", ""),
        **{name: scores.get(name, "") for name in _SCORES},
        "created": card.created_at[:16].replace("T", " "),
        "digest": card.digest[:12],
    }
