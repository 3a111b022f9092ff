from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.settings import Settings, load, origins


def test_each_layer_overrides_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "qa.toml"
    file.write_text('top_k = 5\nmodel = "from-file"\nmax_mb = 3\n')
    monkeypatch.setenv("QA_MODEL", "from-environment")
    monkeypatch.setenv("QA_TOP_K", "7")
    settings = load({"top_k": 9, "model": None}, file=file)
    assert (settings.top_k, settings.model, settings.max_mb) == (9, "from-environment", 3.0)
    assert origins({"top_k": 9}, file=file)["model"] == ("from-environment", "QA_MODEL")
    assert origins(file=file)["max_mb"] == (3, str(file))
    assert origins(file=file)["check"] == ("strict", "default")


def test_an_unknown_setting_is_an_error_that_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"'base_ulr'.*'base_url'"):
        load({"base_ulr": "x"})
    monkeypatch.setenv("QA_MODLE", "x")
    with pytest.raises(SettingsError, match=r"QA_MODLE.*'model'"):
        load()


@pytest.mark.parametrize(("name", "value"), [("top_k", 0), ("top_k", "many"), ("check", "lax"), ("max_mb", -1)])
def test_a_wrong_value_is_one_sentence(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"'{name}' cannot be"):
        load({name: value})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "qa.toml").write_text("top_k = = 3")
    with pytest.raises(SettingsError, match=r"qa\.toml cannot be read"):
        load(file=tmp_path / "qa.toml")


def test_there_are_at_most_twenty_and_they_cannot_be_changed() -> None:
    assert len(Settings.__slots__) <= 20
    with pytest.raises(AttributeError):
        load().top_k = 3  # type: ignore[misc]
