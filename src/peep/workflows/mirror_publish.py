"""`peep mirror publish`: a mirror brought to an object store or a folder, by any number of publishers."""

from __future__ import annotations

from peep.http.object_store import open_store
from peep.mirror.publish import Published, PublishOptions, publish
from peep.pipeline.mirrors.run import opened_mirror


def publish_mirror(directory: str, place: str, options: PublishOptions) -> Published:
    """Send what is not there yet. Raises `ObjectStoreError`, `MirrorError`, and `UsageError` for an unknown place."""
    with opened_mirror(directory, "peep mirror publish", options.reporter) as mirror:
        return publish(mirror, open_store(place), options)
