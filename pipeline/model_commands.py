"""Commands of `sluice` about pushed models. What is slow to import is imported by the command."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

FAILED, BAD_USAGE = 1, 2

models_option = click.option(
    '--models',
    'folder',
    type=click.Path(file_okay=False, path_type=Path),
    envvar='SLUICE_MODELS',
    default=Path('serving_models'),
    show_default=True,
    help='Folder of pushed models.',
)


@click.command()
@click.argument('models', metavar='[MODEL]…', nargs=-1)
@models_option
@click.option('--host', default='127.0.0.1', show_default=True, help='Address to listen on.')
@click.option(
    '--port', type=click.IntRange(0, 65535), default=8501, show_default=True, help='Port.'
)
@click.option(
    '--token-file',
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='File whose first line is the bearer token that clients must send.',
)
@click.option(
    '--max-body-mb', type=click.IntRange(1, 1024), default=16, show_default=True,
    help='Size of a request, in MiB.',
)  # fmt: skip
@click.option(
    '--max-instances', type=click.IntRange(1), default=10_000, show_default=True,
    help='Instances of a request.',
)  # fmt: skip
@click.option(
    '--max-megapixels', type=click.FloatRange(0.01), default=40, show_default=True,
    help='Size of a picture, in millions of pixels.',
)  # fmt: skip
@click.option(
    '--batch', type=click.IntRange(1), default=128, show_default=True,
    help='Rows that are put together from several clients; 1: none.',
)  # fmt: skip
@click.option(
    '--poll', type=click.FloatRange(0.1), default=2, show_default=True,
    help='Seconds between two looks for newer versions.',
)  # fmt: skip
def serve(
    models: tuple[str, ...],
    folder: Path,
    host: str,
    port: int,
    token_file: Path | None,
    max_body_mb: int,
    max_instances: int,
    max_megapixels: float,
    batch: int,
    poll: float,
) -> None:
    """Serve pushed models over HTTP.

    MODEL is a name under the folder of models, a path to a folder of versions or to a
    SavedModel, or NAME=PATH; by default all pushed models. Newer versions are loaded as they
    are pushed, and rollbacks are followed.
    """
    from serving.settings import Batching, Limits, ServerSettings
    from serving.sources import find_sources
    from serving.start import start

    pixels = int(max_megapixels * 1e6)
    try:
        settings = ServerSettings(
            models=find_sources(models, folder),
            host=host,
            port=port,
            poll_seconds=poll,
            token=_token(token_file),
            limits=Limits(
                body_bytes=max_body_mb * 2**20,
                instances=max_instances,
                picture_pixels=pixels,
                request_pixels=3 * pixels,
            ),
            batching=Batching(rows=batch),
        )
    except ValueError as error:
        _stop(str(error), BAD_USAGE)
    click.echo('Loading TensorFlow …', err=True)
    try:
        start(settings)
    except OSError as error:
        _stop(f'{host}:{port}: cannot listen here: {error.strerror}; try --port 0', FAILED)


@click.command()
@click.argument('model')
@models_option
@click.option('--json', 'as_json', is_flag=True, help='Print one JSON object only.')
def versions(model: str, folder: Path, as_json: bool) -> None:
    """List a model's versions: which is served, which were rolled back, and when."""
    from components.pusher.rollback import RollbackError
    from pipeline.model_versions import versions_of, versions_table
    from pipeline.show import page

    try:
        found = versions_of(_folder_of(model, folder))
    except RollbackError as error:
        _stop(str(error), BAD_USAGE)
    if as_json:
        listed = [version.model_dump(mode='json') for version in found]
        click.echo(json.dumps({'model': model, 'versions': listed}, indent=2))
    else:
        page(versions_table(found))


@click.command()
@click.argument('model')
@click.option('--to', type=int, metavar='VERSION', help='By default the one before the served.')
@models_option
@click.option(
    '--endpoint', is_flag=True, help="On Vertex: MODEL is a recipe, its endpoint's model changes."
)
@click.option(
    '--set', 'overrides', multiple=True, metavar='KEY=VALUE', help='Of a recipe: override one key.'
)
@click.option('--json', 'as_json', is_flag=True, help='Print one JSON object only.')
def rollback(
    model: str,
    to: int | None,
    folder: Path,
    endpoint: bool,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Go back to an earlier version of a model.

    The newer ones move aside, into `withdrawn/`; --to brings one of those back. Running servers
    follow. The next push is a version above all that ever were.

    With --endpoint the version is deployed beside the one that serves, asked for rows that were
    kept with it, and takes over; then the other is undeployed. If anything fails, nothing changes.
    """
    if endpoint:
        _roll_endpoint_back(model, to, overrides, as_json)
        return
    if overrides:
        _stop('--set is for --endpoint, whose MODEL is a recipe', BAD_USAGE)
    from components.pusher.rollback import RollbackError
    from components.pusher.versions import roll_back

    try:
        done = roll_back(_folder_of(model, folder), to)
    except RollbackError as error:
        _stop(str(error), BAD_USAGE)
    except OSError as error:
        _stop(f'{error.filename}: cannot be changed: {error.strerror}', FAILED)
    if as_json:
        click.echo(json.dumps({'model': model, **done.to_json()}, indent=2))
        return
    click.echo(f'{model}: version {done.now} is served; it was {done.was}')
    if done.withdrawn:
        aside = ', '.join(map(str, done.withdrawn))
        click.echo(f'Withdrawn: {aside}. To undo: sluice rollback {model} --to {done.was}')


def _roll_endpoint_back(
    recipe: str, to: int | None, overrides: Sequence[str], as_json: bool
) -> None:
    from pipeline.loading import RecipeError, load_recipe
    from pipeline.recipe import find_recipe

    try:
        path = find_recipe(recipe)
        terms = load_recipe(path, overrides).endpoint_terms
    except (FileNotFoundError, RecipeError) as error:
        _stop(str(error), BAD_USAGE)
    except ValueError as error:
        _stop(f'{path}: {error}', BAD_USAGE)
    if terms is None:
        _stop(f'{path}: push.endpoint: is not set, so there is no endpoint to change', BAD_USAGE)
    from components.endpoint_pusher.cloud import Cloud
    from components.endpoint_pusher.errors import EndpointError
    from components.endpoint_pusher.kept import kept_smoke
    from components.endpoint_pusher.rollout import Rollout

    say = partial(click.echo, err=True) if as_json else click.echo
    try:
        target = None if to is None else str(to)
        done = Rollout(Cloud(terms), terms, say).back(target, kept_smoke)
    except EndpointError as error:
        _stop(str(error), FAILED)
    if as_json:
        told = {'endpoint': done.endpoint, 'version': done.version, 'summary': done.summary}
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(done.summary)


def _folder_of(model: str, folder: Path) -> Path:
    """Return the folder of a model given by name or by path."""
    return Path(model) if '/' in model else folder / model


def _token(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        token = file.read_text(encoding='utf-8').strip()
    except (OSError, ValueError) as error:
        raise ValueError(f'{file}: cannot be read as text: {error}') from error
    if not token or not token.isascii() or len(token.split()) != 1:
        raise ValueError(f'{file}: expected one line of ASCII without spaces, the token')
    return token


def _stop(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)
