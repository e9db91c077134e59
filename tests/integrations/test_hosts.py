"""Without a key, the service answers those who call it by a name of its own: a rebound name of another site is none."""

from ipaddress import IPv4Address, IPv6Address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from cascade.integrations._web.hosts import REMEMBERED, KnownHosts, plain
from cascade.integrations._web.spec import ServeSpec
from integrations.kit import KEY, LOCKED, ORDER, Service, problem, serving

OWN = [
    "localhost",
    "LocalHost:8000",
    "localhost.",
    "shop.localhost:1",
    "127.0.0.1",
    "127.9.8.7:8000",
    "[::1]:80",
]
FOREIGN = [
    *(
        "",
        "rebound.example",
        "rebound.example:8000",
        "localhost.rebound.example",
        "127.0.0.1.rebound.example",
    ),
    *("notlocalhost", ".localhost", "a..localhost", "192.168.1.5:8000", "[fe80::1]", "::1", "[::1", "127.1"),
    *("2130706433", "0.0.0.0", "localhost:", "localhost:999999", "localhost@rebound.example", "localhost/"),
    *("localhost, rebound.example", "localhost\t", "xn--a", "café.localhost", "x" * 5000),
]
PATHS = [
    "/v1/status",
    "/v1/queue",
    "/metrics",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/",
    "/console/api.js",
    "/no",
]


@pytest.mark.parametrize("host", OWN)
async def test_its_own_names_are_answered(host: str) -> None:
    async with Service() as client:
        for path in PATHS[:-1]:
            assert (await client.get(path, headers={"Host": host})).status_code == 200, path


async def test_more_names_under_its_own_than_it_remembers_are_answered() -> None:
    async with Service() as client:
        for number in range(REMEMBERED + 2):
            headers = {"Host": f"shop{number}.localhost"}
            for _ in range(2):
                assert (await client.get("/healthz", headers=headers)).status_code == 200
        problem(await client.get("/healthz", headers={"Host": "shop0.example"}), 421, "wrong_host")


@pytest.mark.parametrize("host", FOREIGN)
async def test_other_names_are_refused_whatever_is_asked(host: str) -> None:
    service = Service()
    async with service as client:
        headers = {"Host": host.encode("latin-1")}
        for path in PATHS:
            problem(await client.get(path, headers=headers), 421, "wrong_host")  # type: ignore[arg-type]
        posted = await client.post("/v1/classify", json={"text": ORDER}, headers=headers)  # type: ignore[arg-type]
        problem(posted, 421, "wrong_host")
        assert service.books.ledger.snapshot().requests == 0


async def test_with_a_key_it_may_be_called_by_any_name() -> None:
    headers = {"Host": "shop.example", "Authorization": f"Bearer {KEY}"}
    async with Service(spec=LOCKED) as client:
        assert (await client.get("/v1/status", headers=headers)).status_code == 200
        assert (await client.get("/healthz", headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_names_that_it_was_given_are_answered_as_they_are_written_anywhere() -> None:
    spec = ServeSpec(host_names=("Shop.Example.", "192.168.1.5", "[FE80:0::1]", "奶茶.example"))
    assert spec.host_names == ("shop.example", "192.168.1.5", "fe80::1", "xn--yuso58g.example")
    called = (
        "shop.example",
        "SHOP.example.:8000",
        "192.168.1.5:8000",
        "[fe80::0:1]",
        "xn--yuso58g.example:80",
    )
    async with Service(spec=spec) as client:
        for host in (*called, *OWN):
            assert (await client.get("/v1/status", headers={"Host": host})).status_code == 200, host
        for host in ("other.example", "a.shop.example", "192.168.1.6"):
            problem(await client.get("/v1/status", headers={"Host": host}), 421, "wrong_host")


@pytest.mark.parametrize(
    "name", ["", "*", "*.example", "http://a.example", "a.example:80", "a b", "a/b", "x" * 64]
)
def test_what_is_no_name_is_refused_when_it_is_given(name: str) -> None:
    with pytest.raises(ValidationError, match="no host name or address"):
        ServeSpec(host_names=(name,))


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"rebound.example"], [b"localhost", b"localhost"]])
async def test_a_request_names_exactly_one_host(hosts: list[bytes]) -> None:
    sent: list[Message] = []

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("passed on")

    async def receive() -> Message:
        raise AssertionError("read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", host) for host in hosts]
    await KnownHosts(never, ())({"type": "http", "method": "GET", "headers": headers}, receive, send)
    assert sent[0]["status"] == 421


def test_a_real_server_refuses_a_rebound_name() -> None:
    service = Service()
    with serving(service.app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/v1/status").status_code == 200
        problem(client.get("/v1/status", headers={"Host": f"rebound.example:{port}"}), 421, "wrong_host")
        posted = client.post("/v1/classify", json={"text": ORDER}, headers={"Host": "rebound.example"})
        problem(posted, 421, "wrong_host")
        assert client.post("/v1/classify", json={"text": ORDER}).json()["tier"] == "rules"


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_an_address_is_one_however_it_is_written(address: IPv4Address | IPv6Address) -> None:
    assert plain(str(address)) == plain(address.exploded) == plain(f"[{address.exploded.upper()}]")


@given(st.text(max_size=80))
def test_whatever_is_given_is_plain_or_refused(text: str) -> None:
    try:
        name = plain(text)
    except ValueError:
        return
    assert plain(name) == name
    assert name.isascii()
