"""Notebooks as pages, with what their cells have shown."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

TEMPLATE = """\
{%- extends 'markdown/index.md.j2' -%}
{%- block stream %}
{{ shown(output.text) }}
{% endblock stream %}
{%- block data_text scoped %}
{{ shown(output.data['text/plain']) }}
{% endblock data_text %}
{%- block data_html scoped %}
<div class="output">
{{ output.data['text/html'] }}
</div>
{% endblock data_html %}
{%- block data_png scoped %}
![What the cell above draws]({{ output.metadata.filenames['image/png'] }})
{% endblock data_png %}
"""


def pages(path: Path) -> dict[str, str | bytes]:
    """The page of a notebook and its pictures: the places on the site -> contents."""
    name = path.stem
    exporter = MarkdownExporter(raw_template=TEMPLATE)
    exporter.environment.globals["shown"] = _fenced
    markdown, resources = exporter.from_notebook_node(
        nbformat.read(path, as_version=4),
        resources={"output_files_dir": name, "unique_key": "picture"},
    )
    pictures = {f"notebooks/{at}": data for at, data in resources["outputs"].items()}
    return {f"notebooks/{name}.md": markdown, **pictures}


def _fenced(text: str) -> str:
    return f"```{{ .text .output }}\n{text.rstrip()}\n```"
