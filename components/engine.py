"""The choice between working in this process and working in Beam, made in one place."""

import logging
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

IN_PROCESS_BYTES = 8 << 30
"""Compressed examples that one process still reads in minutes; beyond, Beam may spread them."""

_LOCAL_RUNNERS = (None, 'DirectRunner', 'PrismRunner')

logger = logging.getLogger(__name__)


def works_in_process(beam_args: Sequence[str], size: int, beam_only: str | None = None) -> bool:
    """Say whether a step does its work in this process rather than in Beam, and log why.

    On one machine Beam only adds cost: its in-memory runner is a single Python process that
    moves rows as Python objects.

    Args:
      beam_args: Beam pipeline arguments of the step.
      size: Bytes of the step's examples on disk.
      beam_only: What is asked of the step that is only done in Beam, if anything.
    """
    runner = PipelineOptions(list(beam_args)).view_as(StandardOptions).runner
    if runner not in _LOCAL_RUNNERS:
        logger.info('in Beam: it runs on %s', runner)
        return False
    if size > IN_PROCESS_BYTES:
        logger.info('in Beam: %d bytes of examples are more than %d', size, IN_PROCESS_BYTES)
        return False
    if beam_only:
        logger.info('in Beam: only there is %s done', beam_only)
        return False
    logger.info('in this process: %d bytes of examples, and Beam would run here too', size)
    return True
