"""The artifact type of reports: what Vertex's console shows as a page."""

from typing import ClassVar

from tfx.types.artifact import Artifact


class Html(Artifact):
    """An HTML page, under the name that Vertex and Kubeflow give to such artifacts.

    `uri` is a folder with report.html and report.json; on Vertex it is made to name report.html
    itself, which is what the console opens.
    """

    TYPE_NAME: ClassVar[str] = 'system.HTML'
