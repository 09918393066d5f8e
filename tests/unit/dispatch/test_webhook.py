"""Where units' systems may be called, how calls are signed, and how long they are tried."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hotline_dispatch.domain.webhook import Destinations, Patience, WebhookUrlRefused, secret_of, signature
from hotline_dispatch.settings import Settings
from hotline_kernel.settings import SettingsError
from hypothesis import given
from hypothesis import strategies as st

PUBLIC = Destinations()
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class TestDestinations:
    @pytest.mark.parametrize(
        "url",
        [
            "https://oa.example.gov.cn/hotline",
            "https://oa.example.gov.cn:8443/hotline?unit=7",
            "https://93.184.216.34/",
            "https://[2606:2800:220:1::]/",
        ],
    )
    def test_allow_what_is_public(self, url: str) -> None:
        assert PUBLIC.check(url).geturl() == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://oa.example.gov.cn/",
            "ftp://oa.example.gov.cn/",
            "https:///hotline",
            "https://oa.example.gov.cn:99999/",
            "https://somebody:secret@oa.example.gov.cn/",
            "https://oa.example.gov.cn/#part",
            "https://oa.example.gov.cn./",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[oa]/",
        ],
    )
    def test_refuse_everything_else(self, url: str) -> None:
        with pytest.raises(WebhookUrlRefused) as refused:
            PUBLIC.check(url)
        assert [field for field, _ in refused.value.violations] == ["url"]

    def test_allow_plain_http_and_a_network_that_is_named(self) -> None:
        local = Destinations(networks=[ip_network("127.0.0.0/8")], plain_http=True)
        local.check("http://127.0.0.1:8000/hotline")
        assert local.allows(ip_address("::ffff:127.0.0.1"))
        with pytest.raises(WebhookUrlRefused):
            local.check("http://10.0.0.1/")

    def test_allow_the_named_hosts_alone(self) -> None:
        government = Destinations(hosts=["*.gov.cn"])
        government.check("https://OA.Example.gov.cn/")
        for url in ("https://gov.cn/", "https://oa.gov.cn.example.com/", "https://93.184.216.34/"):
            with pytest.raises(WebhookUrlRefused):
                government.check(url)

    @given(st.ip_addresses())
    def test_never_allow_what_is_not_public(self, address: object) -> None:
        if not ip_address(str(address)).is_global:
            assert not PUBLIC.allows(ip_address(str(address)))


ENVIRON = {"HOTLINE_DATABASE_URL": "postgresql://nowhere", "HOTLINE_BROKER_URL": "amqp://nowhere"}


class TestSettings:
    def test_read_hosts_and_networks_by_commas(self) -> None:
        environ = ENVIRON | {
            "HOTLINE_WEBHOOK_HOSTS": "*.gov.cn, oa.Example.com",
            "HOTLINE_WEBHOOK_NETWORKS": "10.8.0.0/16,fd00::/8",
        }
        found = Settings.load(service="dispatch", environ=environ).destinations
        assert found.hosts == ("*.gov.cn", "oa.example.com")
        assert found.networks == (ip_network("10.8.0.0/16"), ip_network("fd00::/8"))

    @pytest.mark.parametrize(
        ("name", "value"), [("HOTLINE_WEBHOOK_NETWORKS", "10.8.0.1/16"), ("HOTLINE_WEBHOOK_PLAIN_HTTP", "true")]
    )
    def test_refuse_what_is_no_network_and_plain_http_in_a_cluster(self, name: str, value: str) -> None:
        with pytest.raises(SettingsError, match=name):
            Settings.load(service="dispatch", environ=ENVIRON | {name: value})


class TestSignature:
    # The example of the Standard Webhooks libraries.
    SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def sign(self, *secrets: str) -> str:
        return signature(
            secrets=secrets,
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp=1614265330,
            body=b'{"test": 2432232314}',
        )

    def test_is_that_of_standard_webhooks(self) -> None:
        assert self.sign(self.SECRET) == self.SIGNED

    def test_is_made_by_the_old_secret_too_while_it_holds(self) -> None:
        new, old = self.sign(secret_of(b"k" * 32), self.SECRET).split()
        assert old == self.SIGNED
        assert new != old


class TestPatience:
    @given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
    def test_pauses_within_its_bounds(self, failures: int, chance: float) -> None:
        pause = Patience(SECOND, HOUR, HOUR).pause(failures, chance=chance)
        assert SECOND / 2 <= pause <= HOUR

    def test_doubles_from_try_to_try(self) -> None:
        patience = Patience(SECOND, HOUR, HOUR)
        pauses = [patience.pause(failures, chance=1).total_seconds() for failures in range(1, 15)]
        assert pauses == [min(2.0**n, 3600) for n in range(14)]
