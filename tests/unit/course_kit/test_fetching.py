"""Fetching real corpora: whole and verified, or not at all, and an error says what to do."""

import contextlib
import gzip
import hashlib
import http.server
import io
import json
import threading
import zipfile

import pytest

from course_kit import fetching

TEXT = "".join(f"I see {n} cats.\tJe vois {n} chats.\n" for n in range(50))


def packed(text=TEXT, member="fra.txt"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text)
    return file.getvalue()


GOOD = packed()
FILES = {
    "good": GOOD,
    "page": b"<!DOCTYPE html><html>Too many requests</html>",
    "other": packed("Hello\tHallo\n" * 50),
    "thin": packed("I see.\tJe vois.\n"),
    "latin": packed(TEXT.replace("chats", "été").encode("latin-1")),
    "renamed": packed(member="french.txt"),
}


class Server(http.server.BaseHTTPRequestHandler):
    asked: list = []

    def log_message(self, *args):
        pass

    def do_GET(self):
        name = self.path.strip("/")
        self.asked.append(name)
        library = "python" in self.headers.get("User-Agent", "python").lower()
        content = FILES["good" if name in ("picky", "cut") else name] if name != "missing" else b"no such file"
        self.send_response(404 if name == "missing" else 403 if name == "picky" and library else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content[: len(content) // 2] if name == "cut" else content)


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
    for name in ("COURSE_DATA_DIR", *(kind + s for s in ("_PROXY", "_proxy") for kind in ("HTTP", "HTTPS", "ALL"))):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))

    def get(*names, at=address, fields=None, **of_address):
        source = {"title": "Pairs: a test", "file": "pairs.tsv.gz", "stands_in": "our own corpus", "min_lines": 20,
                  "contains": ["Je "]} | (fields or {})  # fmt: skip
        lines = ["[pairs]", *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in source.items())]
        for name in names:
            lines += ["[[pairs.addresses]]", f'url = "{at}/{name}"']
            lines += [f"{key} = {json.dumps(value)}" for key, value in (of_address or {"member": "fra.txt"}).items()]
        get.index.write_text("\n".join(lines), "utf-8")
        Server.asked.clear()
        return fetching.fetch("pairs", index=get.index)

    get.cache, get.index = tmp_path / "cache", tmp_path / "sources.toml"
    return get


def left(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*")) if folder.exists() else []


def test_a_corpus_is_fetched_verified_unpacked_and_kept(get):
    path = get("picky", member="fra.txt", sha1=hashlib.sha1(GOOD).hexdigest())
    assert path.read_text("utf-8") == TEXT
    assert left(get.cache) == ["pairs.tsv"]
    assert get("good") == path and not Server.asked, "the second call takes it from the cache"
    path.write_text("Je vois\n", "utf-8")
    assert get("good").read_text("utf-8") == TEXT, "damaged since: it is fetched again"


@pytest.mark.parametrize(("name", "words"), [
    ("missing", "404"), ("cut", "broken"), ("page", "not a zip"), ("other", "does not hold 'Je '"), ("thin", "1 lines"),
    ("latin", "not UTF-8"), ("renamed", "fra.txt"),
])  # fmt: skip
def test_what_is_not_the_corpus_leaves_nothing_behind_and_the_error_says_what_to_do(get, name, words):
    with pytest.raises(fetching.FetchError, match=words) as error:
        get(name)
    assert left(get.cache) == []
    message = str(error.value)
    assert f"/{name}: " in message and "COURSE_DATA_DIR" in message and "our own corpus" in message


def test_a_wrong_checksum_is_refused(get):
    with pytest.raises(fetching.FetchError, match="does not match"):
        get("good", member="fra.txt", sha256="0" * 64)
    assert left(get.cache) == []


def test_without_a_network_it_says_so(get):
    with pytest.raises(fetching.FetchError, match="no connection"):
        get("good", at="http://127.0.0.1:9")


def test_the_next_address_is_tried_when_one_fails(get):
    assert get("missing", "page", "good").exists()
    assert Server.asked == ["missing", "page", "good"]


def test_the_folder_of_the_user_comes_first_and_is_checked(get, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    mine = tmp_path / "pairs.tsv.gz"
    mine.write_bytes(gzip.compress(TEXT.encode()))
    assert get("missing") == mine
    for wrong in (gzip.compress(TEXT.encode("utf-16")), gzip.compress(TEXT.encode())[:-30]):
        mine.write_bytes(wrong)
        with pytest.raises(fetching.FetchError, match="COURSE_DATA_DIR"):
            get("good")
    assert mine.exists(), "the user's own file is never removed"


def test_each_source_says_what_the_course_promises():
    for name, source in fetching.sources().items():
        needed = {"title", "file", "licence", "attribution", "stands_in", "min_lines", "contains", "addresses"}
        assert needed <= set(source) and (source["addresses"] or source["make_it"]), name
        assert all(a["url"].startswith("https://") for a in source["addresses"]), name
    with pytest.raises(ValueError, match="tatoeba-en-fr"):
        fetching.fetch("tatoeba-fr")


def test_the_command_names_a_corpus_and_fetches_it(get, monkeypatch, capsys):
    import course

    path = get("good")
    index = fetching.sources(get.index)
    monkeypatch.setattr(fetching, "sources", lambda *_: index)
    assert course.main(["data"]) == 0
    assert "`course data pairs` fetches: " in capsys.readouterr().out
    assert course.main(["data", "pairs"]) == 0
    assert str(path) in capsys.readouterr().out
    path.unlink()
    index["pairs"]["addresses"][0]["url"] += "/gone"
    assert course.main(["data", "pairs"]) == 2
    assert "pairs could not be fetched" in capsys.readouterr().err
    assert course.main(["data", "pears"]) == 2
    assert "pairs" in capsys.readouterr().err
