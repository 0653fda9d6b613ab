"""What chapter 3's views need around them."""

from types import SimpleNamespace

from chapters.ch03.labs.removed import compared


def test_the_line_below_a_knock_out_follows_the_view_and_shows_unknown_words():
    told, view = [], SimpleNamespace(variant=0, observe=lambda tell, names: told.append((tell, names)))
    deaf, gone = ([{"tokens": ["l'", "<unk>", end]} for end in ends] for ends in ("ab", "cd"))
    line = compared(view, deaf, gone)
    assert line.value == ""  # nothing is knocked out
    ((tell, names),) = told
    view.variant = 2
    tell({})
    assert names == ["variant"]
    assert line.value == "Masked: l' &lt;unk&gt; b<br>Never read: l' &lt;unk&gt; d"
