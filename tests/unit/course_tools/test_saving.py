"""A saved notebook holds no live widgets, and keeps everything else."""

import asyncio
import copy
from types import SimpleNamespace

from course_tools.authoring import clean
from course_tools.classroom import saving

VIEW = {clean.WIDGET_VIEW: {"model_id": "abc", "version_major": 2, "version_minor": 0}}


def notebook(*datas, **metadata):
    cells = [{"cell_type": "markdown", "source": "text", "metadata": {}}]
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in datas]
    outputs.append({"output_type": "stream", "name": "stdout", "text": "printed"})
    cells.append({"cell_type": "code", "source": "x", "metadata": {}, "execution_count": 1, "outputs": outputs})
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def datas(content):
    return [output["data"] for output in content["cells"][1]["outputs"] if "data" in output]


def test_a_view_with_html_of_its_own_keeps_it():
    content = notebook({**VIEW, "text/html": "<svg>"}, {"image/png": "AAAA"}, widgets={clean.WIDGET_STATE: {}}, kept=1)
    assert clean.clean(content)
    assert datas(content) == [{"text/html": "<svg>"}, {"image/png": "AAAA"}] and content["metadata"] == {"kept": 1}
    assert not clean.clean(content), "twice changes nothing more"


def test_a_bare_widget_says_how_to_bring_it_back():
    content = notebook({**VIEW, "text/plain": "IntSlider(value=0)"})
    clean.clean(content)
    assert datas(content) == [{"text/plain": "IntSlider(value=0)", "text/html": clean.STAND_IN}]


def test_the_hook_cleans_notebooks_and_leaves_other_files_alone():
    content = notebook({**VIEW})
    saving.pre_save_hook({"type": "notebook", "content": content}, path="a.ipynb")
    assert datas(content) == [{"text/html": clean.STAND_IN}]
    for model in ({"type": "file", "content": "text"}, {"type": "notebook", "content": None}, {"type": "directory"}):
        before = copy.deepcopy(model)
        saving.pre_save_hook(model, path="a")
        assert model == before


def test_the_server_calls_the_hook_and_tells_the_page_that_it_is_shown_to_a_class(monkeypatch):
    hooks, settings = [], {}
    contents = SimpleNamespace(register_pre_save_hook=hooks.append, get=None)
    server = SimpleNamespace(contents_manager=contents, web_app=SimpleNamespace(settings=settings))
    monkeypatch.delenv("COURSE_CHAPTERS", raising=False)
    monkeypatch.setenv("COURSE_PRESENTING", "1")
    asyncio.run(saving._start_jupyter_server_extension(server))
    assert hooks == [saving.pre_save_hook] and settings == {"page_config_data": {"courseLarge": True}}
