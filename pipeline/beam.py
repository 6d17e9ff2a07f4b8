"""Arguments of Beam, where it runs within a step: on this machine as in a container of Vertex."""

BATCHES = '--tfxio_use_byte_size_batching'
"""Batches of thousands of rows instead of hundreds; a flag of TFX's libraries."""

IN_MEMORY = (
    # The plain DirectRunner first tries to download a Prism binary; in memory is also fastest.
    '--direct_running_mode=in_memory',
    # A worker image of any name keeps TFX from packing its own sources for workers elsewhere.
    '--sdk_container_image=none',
    BATCHES,
)
