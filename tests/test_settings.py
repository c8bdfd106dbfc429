"""Settings: flags before environment before defaults, and a mistake named by the setting it is in."""

from __future__ import annotations

import pytest

from engage.errors import InvalidRequest
from engage.settings import ENVIRONMENT, SECRET_CHARS_MIN, Settings, read_settings

SECRET = "s" * SECRET_CHARS_MIN


def test_nothing_given_is_a_file_in_this_folder_for_this_machine_alone() -> None:
    found = read_settings(environment={})
    assert (found.database_url, found.host, found.port) == ("sqlite:///engage.db", "127.0.0.1", 8000)
    assert (found.secret, found.k, found.workers) == (None, None, 1)


def test_flags_count_before_the_environment_and_that_before_the_defaults() -> None:
    environment = {"ENGAGE_DATABASE_URL": "sqlite:///b.db", "ENGAGE_PORT": "9000", "ENGAGE_SECRET": SECRET}
    found = read_settings(database_url="sqlite:///a.db", environment=environment)
    assert (found.database_url, found.port, found.secret) == ("sqlite:///a.db", 9000, SECRET)
    assert read_settings(port=0, environment=environment).port == 0


def test_an_empty_variable_is_not_a_choice() -> None:
    assert read_settings(environment=dict.fromkeys(ENVIRONMENT.values(), "")) == Settings()


@pytest.mark.parametrize(
    "environment, words",
    [
        ({"ENGAGE_PORT": "eighty"}, "ENGAGE_PORT must be a whole number, not 'eighty'"),
        ({"ENGAGE_PORT": "70000"}, "port must be from 0 to 65535"),
        ({"ENGAGE_K": "2"}, "k must be from 3"),
        ({"ENGAGE_SECRET": "short"}, "ENGAGE_SECRET must have at least 32 characters"),
        ({"ENGAGE_METRICS_KEY": "short"}, "ENGAGE_METRICS_KEY must have at least 16 characters"),
        ({"ENGAGE_WORKERS": "2"}, "--workers above 1 needs PostgreSQL"),
        ({"ENGAGE_WORKERS": "0"}, "workers must be from 1"),
    ],
)
def test_a_mistake_is_told_by_name_and_never_with_a_secret(environment: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_settings(environment=environment)
    assert words in refused.value.message
    assert environment.get("ENGAGE_SECRET", "no secret") not in refused.value.message


def test_many_workers_are_for_postgresql() -> None:
    assert read_settings(database_url="postgres://h/db", workers=4, environment={}).workers == 4


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Settings(secret=SECRET))
