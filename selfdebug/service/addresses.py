"""Which addresses of the internet a webhook may go to, and what a name means at this moment.

A name is resolved once, and all its addresses are checked; the caller connects to one of those that come back and to
nothing else, so that a name which means something else a moment later leads nowhere.
"""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA's special-purpose registry, written out: `is_global` changed its mind from one Python release to the next.
_REFUSED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's platform agent, on a public address
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only global unicast, without what carries an IPv4 address inside. IPv4-mapped, NAT64, unique local, link-local,
# multicast and the rest lie outside 2000::/3.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_LOCAL_NAMES = ("localhost", "localdomain", "internal", "local", "home.arpa")

# Its own threads: names that take long to resolve must not hold up what else the process does in threads.
_RESOLVERS = ThreadPoolExecutor(8, thread_name_prefix="resolve")


class Refused(Exception):
    """The address may not be connected to; the message says why."""


def is_public(address: Address) -> bool:
    """Whether this is an ordinary address of the internet: nobody's own network, and no detour to one."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    if address.scope_id:
        return False
    return address in _GLOBAL_6 and not any(address in network for network in _REFUSED_6)


def is_loopback(host: str) -> bool:
    """Whether this host, a name or an address, is this machine and can be reached from nowhere else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def literal(host: str) -> Address | None:
    """The address that `host` spells out, also in the old ways (`127.1`, `0x7f000001`); None where it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None


def refuse_local(host: str) -> None:
    """Tell early, without resolving, of a host that can't be public.

    Raises:
        Refused: It is an address that is not public, or a name of this machine or of a private network.
    """
    address = literal(host)
    if address is not None:
        _require_public(host, address)
        return
    name = host.rstrip(".").lower()
    if any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES):
        raise Refused(f"{host} is a name of this machine or of a private network")


async def resolve(host: str, port: int, *, private: bool = False) -> tuple[Address, ...]:
    """The addresses that `host` has now, in the order of preference.

    Args:
        private: Let any address pass.

    Raises:
        Refused: One of them is not public.
        OSError: The name can't be resolved.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_RESOLVERS, _lookup, host, port)
    except UnicodeError as error:
        raise OSError(f"not a name of the internet: {error}") from None
    addresses = tuple(dict.fromkeys(ipaddress.ip_address(each) for each in found))
    if not addresses:
        raise OSError("the name has no address")
    if not private:
        for address in addresses:
            _require_public(host, address)
    return addresses


def _lookup(host: str, port: int) -> list[str]:
    return [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _require_public(host: str, address: Address) -> None:
    if not is_public(address):
        named = "" if host == str(address) else f"{host} is "
        raise Refused(f"{named}{address}, which is not a public address of the internet")
