"""The sentence under a traceback: which argument does not fit its signature. Nothing is said that is not sure."""

import linecache
import queue
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from jaxtyping import Bool, Float, Int
from jupyter_client.manager import start_new_kernel
from torch import Tensor, nn
from unit.course_kit import in_kernel

from course_kit.programs import explain
from course_kit.programs.source_text import plain
from course_utils.attention import masked_softmax, scaled_dot_product_attention, split_heads
from course_utils.bert import Bert, BertConfig, mlm_loss
from course_utils.gpt import GPT, GPTConfig, next_token_loss, windows, write
from course_utils.kernels import gaussian_kernel
from course_utils.loss import masked_loss
from course_utils.merges import merge_once
from course_utils.positions import LearnedPositions, sinusoidal_encoding
from course_utils.transformer import Transformer, TransformerConfig


def attention(q: Float[Tensor, "... Q d"], k: Float[Tensor, "... K d"], v: Float[Tensor, "... K d"], mask=None):
    scores = q @ k.transpose(-2, -1)
    return scores.softmax(-1) @ v


def masked(scores: Float[Tensor, "*batch Q K"], mask: Bool[Tensor, "*batch Q K"] | None = None):
    return scores.masked_fill(~mask, float("-inf"))


def product(q: Float[Tensor, "T D"], k: Float[Tensor, "T D"]):
    return q * k


def batched(x: Float[Tensor, "B T D"]):
    return torch.bmm(x, x)


def renamed(x: Float[Tensor, "B D"], y: Float[Tensor, "B D"]):
    y = y.reshape(-1)  # from here on, y is no argument any more
    return x @ torch.ones(99, 99)


class Embeds(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.norm = nn.Embedding(5, 4), nn.LayerNorm(4)

    def forward(self, ids: Int[Tensor, "B T"]):
        return self.norm(self.table(ids))

    def looked_up(self, ids: Int[Tensor, "B T"]):
        return self.table.weight[ids]


class Projects(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)

    def forward(self, x: Float[Tensor, "B T D"]):
        return self.query(x)


def said(function, *arguments):
    """The sentence for what a call raises."""
    with pytest.raises(Exception) as caught:
        function(*arguments)
    return explain.sentence(caught.value)


THREE = torch.ones(2, 3, 8), torch.ones(2, 5, 7), torch.ones(2, 5, 8)
ELSEWHERE = torch.ones(3, 8, device="meta")
BERT = Bert(BertConfig(9, 8, 1, 2, context=8))
HALF = (torch.ones(2, 3, 4).double(), torch.ones(2, 5, 4), torch.ones(2, 5, 4))
NUMBERS = torch.ones(3, 8, dtype=torch.long), torch.ones(3, 8), torch.ones(3, 8)


@pytest.mark.parametrize(
    ("function", "given", "words"),
    [(attention, THREE, "attention: k has shape [2, 5, 7], needed [..., K, d] with d = 8, as q has"),
     (attention, THREE, "project k to 8"),
     (attention, [torch.ones(n, 8) for n in (3, 5, 4)], "attention: v has shape [4, 8]"),
     (attention, [torch.ones(n, 8) for n in (3, 5, 4)], "K = 5, as k has"),
     (attention, NUMBERS, "attention: q is int64, needed: decimal numbers: write q.float()."),
     (masked, (torch.zeros(3, 3), torch.ones(3, 3)), "mask is float32, needed: bool, True = may be attended"),
     (batched, (torch.ones(4, 4),), "batched: x has shape [4, 4], needed [B, T, D]"),
     (batched, (torch.ones(4, 4),), "x[None]"),
     (batched, (torch.ones(2, 2, 4, 4),), "batched: x has shape [2, 2, 4, 4], needed [B, T, D]"),
     (batched, ([[1.0]],), "x is of the type list, needed: a tensor"),
     (Embeds(), (torch.ones(1, 2),), "write ids.long()"),
     (Projects(), (torch.ones(2, 3, 7),), "Projects: x has shape [2, 3, 7], needed 8 "),
     (Projects(), (torch.ones(2, 3, 8).double(),), "write x.to(torch.float32)"),
     (product, (torch.ones(3, 8), ELSEWHERE), 'product: k is on meta, q on cpu: write k.to("cpu").'),
     (scaled_dot_product_attention, HALF, "q is float64, k float32: write q.to(torch.float32)"),
     (sinusoidal_encoding, (4, 5), "frequencies: size is 5, needed: a multiple of 2"),
     (sinusoidal_encoding, (4, "5"), "size is '5', of the type str, needed: a whole number"),
     (gaussian_kernel, (torch.ones(2), None), "width is of the type NoneType, needed: a number or a tensor"),
     (GPT(GPTConfig(9, 9, 1, 2, 8)), (torch.ones(1, 3).long(),), "x has shape [1, 3, 9], needed: in its last"),
     (GPT(GPTConfig(9, 8, 1, 2, 8)), (torch.ones(1, 9).long(),), "ids has 9 tokens in a row, needed: 8 at most"),
     (BERT, (torch.tensor([[1, 11, 3]]),), "embed: the largest id in ids is 11, but its embedding has 9 rows"),
     (BERT, (*torch.tensor([[[1, 3]], [[0, 2]]]),), "embed: the largest id in segments is 2, but its embedding"),
     (mlm_loss, (torch.ones(2, 9), torch.tensor([-100, 9])), "mlm_loss: a target is 9, but the logits are of 9 cl"),
     (masked_loss, (torch.ones(1, 2, 9), torch.tensor([[1, -1]])), "masked_loss: a target is −1, but the logits"),
     (LearnedPositions(4, 8), (torch.ones(1, 5, 8),), "x has 5 tokens in a row, needed: 4 at most"),
     (windows, (torch.arange(4), 2, 5), "ids has the length 4, needed: length = 5 or more"),
     (masked_softmax, (torch.ones(2, 3), torch.ones(3, 2).bool()), "mask has the shape [3, 2], scores [2, 3]: they"),
     (split_heads, (torch.ones(1, 2, 8), 0), "heads is 0, needed: 1 or more"),
     (Transformer, (TransformerConfig(9, 9, size=-8),), "Transformer: config.size is -8, needed: 0 or more"),
     (next_token_loss, (GPT, torch.ones(1, 3).long()), "next_token_loss: model is the class GPT, needed: a model"),
     (merge_once, ({},), "words is empty"),
     (batched, (torch.ones(2, 3, 3).to_sparse(),), "x is sparse, needed: an ordinary tensor: write x.to_dense()."),
     (split_heads, (torch.nested.nested_tensor([torch.ones(2, 2)]), 2), "x is nested, needed: an ordinary tensor"),
     (write, (GPT(GPTConfig(9, 8, 1, 2)), [1, 2], 4), "ids is of the type list, needed: a tensor"),
     (masked_loss, (torch.ones(1, 2, 9), torch.ones(1, 2).int()), "target is int32, needed: int64"),
     (mlm_loss, (torch.ones(4, 9), torch.ones(5).long()), "labels has the shape [5], logits [4]: they do not go"),
     (GPT, (GPTConfig(9, True, 1, 2),), "config.size is True, of the type bool, needed: a whole number")],
)  # fmt: skip
def test_the_argument_that_does_not_fit_is_named_with_what_is_needed(function, given, words):
    assert words in said(function, *given)


def test_says_transpose_only_where_that_makes_it_fit():
    q, v = torch.ones(2, 3, 8), torch.ones(2, 5, 8)
    assert "k.transpose(-2, -1)" in said(attention, q, torch.ones(2, 8, 5), v)
    assert "transpose" not in said(attention, q, torch.ones(2, 7, 5), v)


@pytest.mark.parametrize("look_up", [lambda model: model, lambda model: model.looked_up])
def test_ids_beyond_the_table(look_up):
    words = said(look_up(Embeds()), torch.tensor([[1, 7]]))
    assert words.startswith("Embeds") and "largest id in ids is 7" in words and "5 rows" in words
    assert "smallest id in ids is -9" in said(look_up(Embeds()), torch.tensor([[1, -9]]))


def test_in_chinese_it_is_chinese_though_it_was_imported_in_english(speak):
    speak("zh")
    words = said(BERT, torch.ones(1, 3)), said(gaussian_kernel, torch.ones(2), None), said(windows, "abc", "2", 1)
    words += said(masked, torch.zeros(3, 3), torch.ones(3, 3)), said(product, torch.ones(3, 8), ELSEWHERE)
    words += said(masked_softmax, torch.ones(2, 3), torch.ones(3, 2).bool()), said(sinusoidal_encoding, 4, "5")
    assert all(words) and not re.search("[a-z] [a-z]|，，", "\n".join(words))


def test_a_definition_on_a_page_has_the_signature_of_the_courses():
    page = {"__name__": "__main__", "torch": torch}
    exec(plain(split_heads), page)
    assert "x has shape [1, 2, 9], needed: " in said(page["split_heads"], torch.ones(1, 2, 9), 2)
    exec("def split_heads(a, b):\n    return a.reshape(1, 2, b, 9 // b)", page)
    assert said(page["split_heads"], torch.ones(1, 2, 9), 2) == "", "another function of that name"


def test_a_name_that_was_set_anew_is_no_argument_any_more():
    assert said(renamed, torch.ones(2, 3), torch.ones(2, 3)) == ""


def test_what_is_sound_is_not_blamed():
    def inside(q: Float[Tensor, "Q d"]):
        raise AssertionError

    assert said(attention, torch.ones(1, 3, 8), torch.ones(2, 5, 8), torch.ones(7, 5, 8)) == "", "any leading axes"
    assert said(inside, torch.ones(2, 3)) == ""
    assert said(lambda: 1 / 0) == "" and explain.sentence(KeyboardInterrupt()) == ""


def test_never_raises():
    class Odd(Exception):
        @property
        def __traceback__(self):
            raise RuntimeError

    assert explain.sentence(Odd()) == ""


class Shell:
    """What `install` needs of IPython's shell."""

    def __init__(self):
        self.seen, self.events = [], SimpleNamespace(register=lambda *_: None)

    def _get_exc_info(self, exc_tuple=None):
        return exc_tuple

    def showtraceback(self, exc_tuple=None, filename=None, tb_offset=None, exception_only=False, **more):
        self.seen.append((exc_tuple, tb_offset, more))


def test_installing_twice_says_it_once_and_shows_the_traceback_as_ever():
    shell = Shell()
    explain.install(shell)
    explain.install(shell)
    with pytest.raises(TypeError) as caught:
        batched([[1.0]])
    info = (caught.type, caught.value, caught.tb)
    for _ in range(2):
        shell.showtraceback(info, tb_offset=1, running_compiled_code=True)
    assert shell.seen == [(info, 1, {"running_compiled_code": True})] * 2
    assert len(caught.value.__notes__) == 1
    explain.install(None)  # no IPython


def test_a_name_that_no_cell_has_made_yet():
    linecache.cache["<cell>"] = 9, None, ["def f():\n", "    return kernel(1)\n", "f()\n"], "<cell>"
    linecache.cache["<pairs>"] = 9, None, ["print(pairs[0])"], "<pairs>"
    for name, lines in (("__main__", ["`kernel` is not there yet", "Resume", "Line 2: `return kernel(1)`"]), ("a", [])):
        with pytest.raises(NameError) as caught:
            exec(compile("".join(linecache.getlines("<cell>")), "<cell>", "exec"), {"__name__": name})
        said = explain.missing(caught.value)
        assert all(line in said for line in lines) and bool(said) == bool(lines)
        assert explain.sentence(caught.value) == ""
    with pytest.raises(KeyError) as caught:
        exec("models = {}\nmodels['check']", {"__name__": "__main__"})
    assert explain.missing(caught.value).startswith("`'check'` is not there yet")
    with pytest.raises(IndexError) as caught:
        exec(compile(linecache.getline("<pairs>", 1), "<pairs>", "exec"), {"__name__": "__main__", "pairs": []})
    assert explain.missing(caught.value).startswith("`pairs` is empty")
    assert explain.missing(KeyError("kernel")) == ""


@pytest.mark.slow
def test_in_a_kernel_it_stands_under_the_traceback_once(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONSTARTUP", str(Path(explain.__file__).parents[1] / "kernel_start.py"))
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        status, said = in_kernel.run(client, "gaussian_kernel(1)", prints="Resume here")  # before any setup()
        assert status == "error" and "`gaussian_kernel` is not there yet" in said and "Traceback" not in said
        assert "`mine` is not there yet" in in_kernel.run(client, "from mine import x", prints="Resume here")[1]
        setup = "import course_kit\nfrom course_kit.runtime import setup\nsetup(); setup()"
        cell = (
            "from jaxtyping import Float\nfrom torch import Tensor\nimport torch\n"
            'def scores(q: Float[Tensor, "... Q d"], k: Float[Tensor, "... K d"]):\n    return q @ k.mT\n'
            "scores(torch.ones(3, 8), torch.ones(5, 7))"
        )
        assert reply(client, setup)["status"] == "ok"
        traceback = "\n".join(reply(client, cell)["traceback"])
        assert traceback.count("scores: k has shape [5, 7], needed [..., K, d] with d = 8, as q has") == 1
        assert "Traceback (most recent call last)" in traceback
        assert "scores: k" not in "\n".join(reply(client, "1 / 0")["traceback"])
        status, said = in_kernel.run(client, "a = 1\nfor i in range(3):\n    raise KeyboardInterrupt", prints="top.")
        assert status == "error" and "in round 1 of 3" in said and "`a`" in said and "Traceback" not in said
        (tmp_path / "slow.py").write_text("import time\nfor _ in range(30):\n    time.sleep(0.1)\n")
        importing = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom slow import time\nwhile True: pass"
        soon = lambda: threading.Timer(0.5, manager.interrupt_kernel).start()  # noqa: E731
        assert in_kernel.run(client, importing, soon, prints="Stopped")[0] == "error"
        assert in_kernel.run(client, "print(sys.modules['slow'])", prints="slow.py")[0] == "ok"  # it is whole
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def reply(client, source):
    request = client.execute(source, stop_on_error=False)
    while True:
        try:
            message = client.get_shell_msg(timeout=120)
        except queue.Empty:
            pytest.fail(f"no reply to {source!r}")
        if message["parent_header"].get("msg_id") == request:
            return message["content"]
