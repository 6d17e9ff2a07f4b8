"""The stand-ins for Google's services, as a process that is started here and ended with it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.processes import end

HERE = Path(__file__).parents[2]
"""The project, whose tests have the stand-ins."""

GS = 'gs://'
CONTROL = 'SLUICE_FAKES'
"""Variable that says where they are told of faults."""

TABLES = Path('bigquery', 'tables.json')
ANSWER_SECONDS = 15


class StandIns:
    """Stand-ins that have started; a context manager.

    Attributes:
      environment: variables that lead clients to them.
    """

    def __init__(
        self, folder: Path, log: Path, buckets: Sequence[str], tables: Mapping[str, Any]
    ) -> None:
        """Start them, and wait until they are ready.

        Args:
          folder: Of what outlives them; buckets are folders in it.
          log: Gets what they print.
          buckets: Made, where they are not there.
          tables: Files by the table of BigQuery that they stand for, as in a recipe's data.local.

        Raises:
          RehearsalError: They are not installed, or did not start.
        """
        if not (HERE / 'tests' / 'fakes' / '__main__.py').is_file():
            raise RehearsalError(
                f'{HERE}/tests/fakes: the stand-ins for Google Cloud are not there; '
                'rehearse from a checkout of the project'
            )
        self._folder = folder.absolute()
        listing = self._folder / TABLES
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text(json.dumps(tables), encoding='utf-8')
        named = [part for bucket in buckets for part in ('--bucket', bucket)]
        with log.open('ab') as told:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'tests.fakes', '--root', str(self._folder), *named],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                cwd=HERE,
                process_group=0,
            )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RehearsalError(f'the stand-ins for Google Cloud did not start; see {log}')
        self.environment: Mapping[str, str] = json.loads(line)

    def local(self, uri: str) -> Path:
        """Return the file or folder that stands for a `gs://` address; others are their own."""
        if not uri.startswith(GS):
            return Path(uri)
        return self._folder / 'buckets' / uri.removeprefix(GS)

    def fail(self, method: str, code: str) -> None:
        """Let the next call of a method fail.

        Args:
          method: `DeployModel`, or a pattern: `storage.objects.*`.
          code: gRPC status, by name: `UNAVAILABLE`.

        Raises:
          RehearsalError: There is no such status.
        """
        try:
            self._asked('faults', json.dumps({'method': method, 'code': code}).encode())
        except HTTPError as error:
            why = json.loads(error.read())['error']['message']
            raise RehearsalError(f'--fault {method}={code}: {why}') from None

    def failed(self) -> list[str]:
        """Return the methods whose calls were made to fail, in their order."""
        return [call['method'] for call in self._asked('calls')['calls'] if call['fault']]

    def _asked(self, what: str, body: bytes | None = None) -> dict[str, Any]:
        # Not through a proxy of the user's: they are on this machine.
        with build_opener(ProxyHandler({})).open(
            Request(f'{self.environment[CONTROL]}/fakes/{what}', body), timeout=ANSWER_SECONDS
        ) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def close(self) -> None:
        """End them."""
        end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bucket_of(uri: str) -> str:
    """Return the bucket of a `gs://` address."""
    return uri.removeprefix(GS).partition('/')[0]
