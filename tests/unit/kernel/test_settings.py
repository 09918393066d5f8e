"""What an operator may set, and how a mistake is told."""

from pathlib import Path

import pytest
from hotline_kernel.settings import Settings, SettingsError
from pydantic import Field

NEEDED = {"HOTLINE_DATABASE_URL": "postgresql://u:hush@db/x", "HOTLINE_BROKER_URL": "amqp://u:hush@mq/x"}


class SlaSettings(Settings):
    warning_days: int = Field(1, ge=1, description="Days.")


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        Settings.load(service="sla", environ=NEEDED | environ)
    return str(raised.value).splitlines()


class TestLoad:
    def test_needs_the_database_and_the_broker_only(self) -> None:
        settings = Settings.load(service="sla", environ=NEEDED)
        assert settings.environment == "cluster"
        assert settings.service == "sla"

    def test_names_everything_that_is_wrong_at_once(self) -> None:
        told = problems({"HOTLINE_POOL_SIZE": "many", "HOTLINE_PROFILE": "village", "HOTLINE_POOLSIZE": "3"})
        assert [line.partition(":")[0] for line in told] == ["HOTLINE_POOLSIZE", "HOTLINE_PROFILE", "HOTLINE_POOL_SIZE"]

    def test_knows_the_settings_of_the_service(self) -> None:
        assert SlaSettings.load(service="sla", environ=NEEDED | {"HOTLINE_WARNING_DAYS": "2"}).warning_days == 2
        assert problems({"HOTLINE_WARNING_DAYS": "2"}) == [
            "HOTLINE_WARNING_DAYS: no such setting; remove it or correct the name (`--show-config` lists all)"
        ]

    def test_leaves_variables_of_tests_and_of_others_alone(self) -> None:
        Settings.load(service="sla", environ=NEEDED | {"HOTLINE_TEST_POSTGRES": "x", "PATH": "/bin"})

    def test_takes_an_empty_variable_as_unset(self) -> None:
        assert Settings.load(service="sla", environ=NEEDED | {"HOTLINE_POOL_SIZE": ""}).pool_size == 10

    def test_never_tells_a_secret(self) -> None:
        told = problems({"HOTLINE_POOL_SIZE": "many"})
        assert "hush" not in "\n".join(told)


class TestSafety:
    @pytest.mark.parametrize(
        "unsafe",
        [
            {"HOTLINE_CLOCK": "virtual:/run/clock"},
            {"HOTLINE_OIDC_ISSUER": "http://issuer.example.cn"},
            {"HOTLINE_OIDC_ISSUER": "https://127.0.0.1:8443"},
            {"HOTLINE_OIDC_JWKS_URL": "http://issuer.example.cn/keys"},
        ],
    )
    def test_a_cluster_refuses_what_is_for_the_local_run(self, unsafe: dict[str, str]) -> None:
        (told,) = problems(unsafe)
        assert told.startswith(next(iter(unsafe)))
        Settings.load(service="sla", environ=NEEDED | unsafe | {"HOTLINE_ENVIRONMENT": "local"})

    def test_a_clock_is_the_systems_or_a_named_file(self) -> None:
        (told,) = problems({"HOTLINE_ENVIRONMENT": "local", "HOTLINE_CLOCK": "fast"})
        assert told.startswith("HOTLINE_CLOCK")

    @pytest.mark.parametrize(
        "mixed",
        [
            {"HOTLINE_MODE": "training"},
            {"HOTLINE_MODE": "training", "HOTLINE_OIDC_AUDIENCE": "hotline"},
            {"HOTLINE_OIDC_AUDIENCE": "hotline-training"},
        ],
    )
    def test_practice_and_the_real_system_take_no_token_of_each_other(self, mixed: dict[str, str]) -> None:
        (told,) = problems(mixed)
        assert told.startswith("HOTLINE_OIDC_AUDIENCE")
        both = {"HOTLINE_MODE": "training", "HOTLINE_OIDC_AUDIENCE": "hotline-training"}
        assert Settings.load(service="sla", environ=NEEDED | both).is_training

    def test_a_needed_file_must_be_there(self, tmp_path: Path) -> None:
        settings = Settings.load(service="sla", environ=NEEDED | {"HOTLINE_TLS_KEY": str(tmp_path / "gone.key")})
        with pytest.raises(SettingsError, match=r"HOTLINE_TLS_KEY: there is no file .*gone\.key"):
            settings.require_files("tls_key")

    def test_a_private_key_must_not_be_open_to_everybody(self, tmp_path: Path) -> None:
        key = tmp_path / "tls.key"
        key.touch(mode=0o640)
        settings = Settings.load(service="sla", environ=NEEDED | {"HOTLINE_TLS_KEY": str(key)})
        settings.require_files("tls_key")
        key.chmod(0o644)
        with pytest.raises(SettingsError, match=r"HOTLINE_TLS_KEY: .* is open to everybody"):
            settings.require_files("tls_key")

    def test_a_needed_value_must_be_set(self) -> None:
        with pytest.raises(SettingsError, match="HOTLINE_OIDC_ISSUER: is not set"):
            Settings.load(service="sla", environ=NEEDED).require("oidc_issuer")


class TestShown:
    def test_tells_each_value_and_its_source_without_secrets(self) -> None:
        environ = NEEDED | {"HOTLINE_THREADS": "8"}
        lines = Settings.load(service="sla", environ=environ).shown(environ=environ).splitlines()
        assert "HOTLINE_THREADS=8  # environment" in lines
        assert "HOTLINE_POOL_SIZE=10  # default" in lines
        assert "HOTLINE_DATABASE_URL=**********  # environment" in lines
        assert len(lines) == len(Settings.model_fields)

    def test_every_setting_is_described(self) -> None:
        assert [name for name, field in Settings.model_fields.items() if not field.description] == []
