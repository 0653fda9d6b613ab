"""Fetching real corpora from servers that misbehave in every way: whole and verified, or not at all."""

import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest

from course_kit import fetching, files
from course_tools.recipes.tables import whereabouts

LINES = [f"I see {n} cats.\tJe vois {n} chats.\tCC-BY" for n in range(50)]
TEXT = "\n".join(LINES) + "\n"
FIVE, SEVEN = "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。", "朝辭白帝彩雲間，千里江陵一日還。" * 2
POEMS = [
    {"author": "孟浩然", "title": "春曉", "paragraphs": [FIVE[:12], FIVE[12:]]},
    {"author": "佚名", "title": "too short", "paragraphs": ["孝於何，通神明。"]},
    {"author": "李白", "title": "白帝", "paragraphs": [SEVEN]},
    {"author": "李白", "title": "白帝", "paragraphs": [SEVEN]},
    {"author": "李白", "title": "eight lines", "paragraphs": [FIVE, FIVE]},
]
QUICK = fetching.Limits(connect=2, silence=1.0, total=4, slowest=1000, patience=0.6)
PATIENT = fetching.Limits(connect=10, silence=10, total=20, slowest=1, patience=10)  # a busy machine is no slow server
SLOW = {"drip.zip", "silent.zip"}


def packed(text=TEXT, member="fra.txt"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_about.txt", "about")
        archive.writestr(member, text)
    return file.getvalue()


class Server(http.server.BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    archive = packed()
    asked: list = []

    def log_message(self, *args):
        pass

    def answer(self, content, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("User-Agent", "")))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, self.path.strip("/").split(".")[0])()

    def good(self):
        self.answer(self.archive)

    def missing(self):
        self.answer(b"no such file", 404)

    def compressing(self):
        """As GitHub's servers: compressed for the way if one asks for it."""
        asked = self.headers.get("Accept-Encoding", "")
        if "gzip" in asked:
            return self.answer(gzip.compress(self.archive), **{"Content-Encoding": "gzip"})
        return self.answer(self.archive)

    def insisting(self):
        """Compresses although it was asked not to."""
        self.answer(gzip.compress(self.archive), **{"Content-Encoding": "gzip"})

    def halves(self):
        """The connection is cut twice; the rest is given to those who say where they were."""
        from_there = self.headers.get("Range", "bytes=0-")
        start = int(from_there.removeprefix("bytes=").removesuffix("-"))
        same = self.headers.get("If-Range") in (None, '"one"')
        rest = self.archive[start:] if same else self.archive
        part = rest[: max(1, len(self.archive) // 3 + 1)]
        self.answer(part, 206 if start and same else 200, length=len(rest), ETag='"one"')

    def forgetful(self):
        """Cut once, and no way to go on: it begins anew."""
        first = len([path for path, _ in self.asked if "forgetful" in path]) < 2
        self.answer(self.archive[: len(self.archive) // 2] if first else self.archive, length=len(self.archive))

    def rude(self):
        self.send_response(500, "no\x1b[31m red")
        self.end_headers()

    def picky(self):
        agent = self.headers.get("User-Agent", "")
        browser = agent.startswith("Mozilla/5.0") and "python" not in agent.lower()
        self.answer(self.archive if browser else b"go away", 200 if browser else 403)

    def cut(self):
        self.answer(self.archive[: len(self.archive) // 2], length=len(self.archive))
        self.close_connection = True

    def page(self):
        self.answer(b"<!DOCTYPE html><html>Too many requests</html>", **{"Content-Type": "text/html"})

    def huge(self):
        self.answer(self.archive, length=10_000_000_000)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(400):
            self.wfile.write(b"x" * 65536)

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.archive)))
        self.end_headers()
        for byte in self.archive:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def silent(self):
        time.sleep(2)

    def other(self):
        self.answer(packed("Hello\tHallo\n" * 50))

    def thin(self):
        self.answer(packed("I see.\tJe vois.\n"))

    def columns(self):
        self.answer(packed(TEXT.replace("\t", " ", 2)))

    def latin(self):
        self.answer(packed(TEXT.replace("chats", "été").encode("latin-1")))

    def renamed(self):
        self.answer(packed(member="french.txt"))

    def bomb(self):
        self.answer(packed("Je vois\t" + "0" * 3_000_000))

    def poems0(self):
        self.answer(json.dumps(POEMS[:2]).encode("utf-8"))

    def poems1000(self):
        self.answer(json.dumps(POEMS[2:]).encode("utf-8"))

    def broken(self):
        self.answer(self.archive[:60] + b"\0" * 200 + self.archive[260:])


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def get(address, tmp_path, monkeypatch):
    """get("good", "missing") tries these addresses; get.cache is the cache's folder."""
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))

    def get(*paths, **fields):
        source = {
            "title": "Pairs: a test", "file": "pairs.tsv.gz", "stands_in": "our own corpus", "max_mb": 1,
            "min_lines": 20, "columns": 2, "contains": ["Je "],
        }  # fmt: skip
        lines = ["[pairs]", *(f"{name} = {json.dumps(value)}" for name, value in source.items())]
        for path in paths:
            lines += ["[[pairs.addresses]]", f'url = "{address}/{path}"']
            lines += [f"{name} = {json.dumps(value)}" for name, value in ({"member": "fra.txt"} | fields).items()]
        index = tmp_path / "sources.toml"
        index.write_text("\n".join(lines), "utf-8")
        return fetching.fetch("pairs", index=index, limits=QUICK if SLOW.intersection(paths) else PATIENT)

    get.cache = tmp_path / "cache"
    return get


def left(folder: Path):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*")) if folder.exists() else []


def test_a_corpus_is_fetched_verified_unpacked_and_kept(get):
    Server.asked.clear()
    path = get("good.zip")
    assert path.read_text("utf-8") == TEXT
    assert left(get.cache) == ["pairs.tsv"]
    assert get("good.zip") == path
    assert len(Server.asked) == 1, "the second call takes it from the cache"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.zip", "404"),
        ("cut.zip", "cut|Connection broken|no connection"),
        ("page.zip", "a web page instead of a zip"),
        ("huge.zip", "10,000 MB; at most 1"),
        ("endless.zip", "more than the 1 MB"),
        ("drip.zip", "too slow"),
        ("silent.zip", "fell silent"),
        ("other.zip", "does not hold 'Je '"),
        ("thin.zip", "1 lines; at least 20"),
        ("columns.zip", "fewer than 2 columns in line 1"),
        ("latin.zip", "not UTF-8"),
        ("renamed.zip", "no fra.txt, but _about.txt, french.txt"),
        ("bomb.zip", "unpacks to more than the 1 MB"),
        ("broken.zip", "."),
    ],
)
def test_a_misbehaving_server_leaves_nothing_behind_and_a_retry_works(get, path, words):
    started = time.monotonic()
    with pytest.raises(fetching.FetchError, match=words) as error:
        get(path)
    assert time.monotonic() - started < 20
    assert left(get.cache) == []
    message = str(error.value)
    assert "What to do" in message and "COURSE_DATA_DIR" in message and "our own corpus" in message
    assert f"/{path}: " in message
    assert get("good.zip").read_text("utf-8") == TEXT, "calling again works"


def test_a_wrong_checksum_is_refused_and_a_right_one_taken(get):
    with pytest.raises(fetching.FetchError):
        get("good.zip", sha256="0" * 64)
    assert left(get.cache) == []
    assert get("good.zip", sha1=hashlib.sha1(Server.archive).hexdigest()).exists()


def test_the_checksum_of_the_text_counts_too(get):
    with pytest.raises(fetching.FetchError, match="text"):
        get("good.zip", text_sha256="0" * 64)
    assert get("good.zip", text_sha256=hashlib.sha256(TEXT.encode()).hexdigest()).exists()


def test_a_server_that_refuses_a_librarys_default_agent_serves_us(get):
    assert get("picky.zip").exists()


def test_the_picky_server_does_refuse_the_default_agent(address):
    import requests

    assert requests.get(f"{address}/picky.zip", timeout=5).status_code == 403


def test_the_next_address_is_tried_when_one_fails(get):
    Server.asked.clear()
    assert get("missing.zip", "page.zip", "good.zip").exists()
    assert [path for path, _ in Server.asked] == ["/missing.zip", "/page.zip", "/good.zip"]


def test_when_all_fail_each_is_named_with_its_reason(get):
    with pytest.raises(fetching.FetchError) as error:
        get("missing.zip", "page.zip")
    assert "missing.zip: the server answered 404" in str(error.value)
    assert "page.zip: it sent a web page" in str(error.value)


def test_no_network_at_all_is_said_in_words(get, tmp_path):
    index = tmp_path / "none.toml"
    get.cache.mkdir()
    with pytest.raises(fetching.FetchError):
        get("missing.zip")
    index.write_text((tmp_path / "sources.toml").read_text("utf-8").replace("127.0.0.1:", "127.0.0.1:1#"), "utf-8")
    with pytest.raises(fetching.FetchError):
        fetching.fetch("pairs", index=index, limits=QUICK)


def test_a_damaged_file_in_the_cache_is_fetched_again(get):
    path = get("good.zip")
    path.write_text("Je vois\n", "utf-8")
    assert get("good.zip").read_text("utf-8") == TEXT


def test_what_a_killed_download_left_is_removed_a_day_later(get):
    for name, when in (("old", 0), ("young", time.time())):
        (get.cache / f".fetching-{name}").mkdir(parents=True)
        os.utime(get.cache / f".fetching-{name}", (when, when))
    get("good.zip")
    assert [path.name for path in get.cache.glob(".fetching-*")] == [".fetching-young"]


def test_the_folder_of_the_user_comes_first_and_is_checked(get, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    mine = tmp_path / "pairs.tsv.gz"
    mine.write_bytes(gzip.compress(TEXT.encode()))
    assert get("missing.zip") == mine
    mine.write_bytes(gzip.compress(TEXT.encode("utf-16")))
    with pytest.raises(fetching.FetchError, match="COURSE_DATA_DIR"):
        get("good.zip")
    mine.write_bytes(gzip.compress(TEXT.encode())[:-30])
    with pytest.raises(fetching.FetchError):
        get("good.zip")
    assert mine.exists(), "the user's own file is never removed"


def test_a_full_disk_or_a_folder_that_cannot_be_written_is_an_ordinary_error(get, monkeypatch):
    (get.cache.parent / "file").write_text("no folder")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(get.cache.parent / "file"))
    with pytest.raises(fetching.FetchError):
        get("good.zip")


def test_a_corpus_of_several_files_is_put_together_in_a_folder_of_the_cache(get, address, tmp_path):
    with contextlib.suppress(fetching.FetchError):
        get("missing")  # writes an index, the fields of which serve here
    index = tmp_path / "sources.toml"
    text = index.read_text("utf-8").split("[[")[0].replace("pairs.tsv.gz", "tang/poems.tsv").replace("Je ", "春")
    several = f'[[pairs.addresses]]\nurl = "{address}/poems{{}}.json"\nnumbers = [0, 1001, 1000]\nmake = "quatrains"\n'
    index.write_text(text.replace("min_lines = 20", "min_lines = 2") + several, "utf-8")
    path = fetching.fetch("pairs", index=index, limits=QUICK)
    assert path == get.cache / "tang" / "poems.tsv"
    assert path.read_text("utf-8") == f"孟浩然\t春曉\t{FIVE}\n李白\t白帝\t{SEVEN}\n"
    assert left(get.cache) == ["tang", "tang/poems.tsv"]


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError):
        fetching.fetch("tatoeba-fr")


def test_each_source_says_what_the_course_promises():
    for name, source in fetching.sources().items():
        assert {"title", "file", "licence", "attribution", "stands_in", "max_mb", "min_lines", "columns",
                "contains", "addresses"} <= set(source), name  # fmt: skip
        assert all(a["url"].startswith("https://") for a in source["addresses"]), name


@pytest.mark.parametrize("name", list(fetching.sources()))
def test_the_real_corpus_passes_its_own_rules(name):
    given = os.environ.get("COURSE_DATA_DIR")
    if not given or not (Path(given) / fetching.sources()[name]["file"]).is_file():
        pytest.skip("needs the corpus in COURSE_DATA_DIR")
    path = fetching.fetch(name)
    assert path == Path(given) / fetching.sources()[name]["file"]
    assert len(fetching.read(name).splitlines()) >= fetching.sources()[name]["min_lines"]
    assert files.sha256(path)


def test_the_command_says_where_a_corpus_is_and_fetches_it(get, tmp_path, monkeypatch, capsys):
    import course

    path = get("good.zip")
    index = fetching.sources(tmp_path / "sources.toml")
    monkeypatch.setattr(fetching, "sources", lambda *_: index)
    assert course.main(["data"]) == 0
    assert "pairs is in the cache: Pairs: a test" in capsys.readouterr().out
    assert course.main(["data", "pairs"]) == 0
    assert str(path) in capsys.readouterr().out
    path.unlink()
    assert "is not here yet (`course data pairs`" in whereabouts("pairs")
    address = index["pairs"]["addresses"][0]
    address["url"] = address["url"].replace("good", "missing")
    assert course.main(["data", "pairs"]) == 2
    assert "pairs could not be fetched" in capsys.readouterr().err
    assert course.main(["data", "pears"]) == 2
    assert "These can be fetched: pairs" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["compressing", "insisting"])
def test_what_comes_is_the_file_itself_not_what_it_was_packed_in_for_the_way(address, path, tmp_path):
    out = tmp_path / "got"
    fetching._stream(f"{address}/{path}.zip", out, 10**6, fetching.Limits(), None)
    assert out.read_bytes() == Server.archive


@pytest.mark.parametrize(("path", "asked"), [("halves", 3), ("forgetful", 2)])
def test_a_connection_that_is_cut_goes_on(address, path, asked, tmp_path):
    Server.asked.clear()
    out = tmp_path / "got"
    fetching._stream(f"{address}/{path}.zip", out, 10**6, fetching.Limits(), None)
    assert out.read_bytes() == Server.archive and len(Server.asked) == asked


def test_a_server_cannot_write_into_the_terminal():
    assert "\x1b" not in fetching._why(ValueError("no\x1b[31m red\r"))


def test_poems_of_another_form_are_said():
    for content in (b'[{"text": []}]', b"[1]", b'[{"paragraphs": [], "author": "a"}]'):
        with pytest.raises(ValueError):
            fetching._quatrains([content])
