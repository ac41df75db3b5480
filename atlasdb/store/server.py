"""The way to a Neo4j server: its address, who asks, and what goes wrong on the way.

``NEO4J_USERNAME`` (default ``neo4j``), ``NEO4J_PASSWORD`` or ``NEO4J_PASSWORD_FILE``
and ``NEO4J_DATABASE`` (default ``neo4j``) say who asks. An address never holds them.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import neo4j
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from atlasdb import __version__
from atlasdb.errors import AtlasError, InvalidDataError, StoreError

ANSWER_S = 4.0
"""How long a server may take to answer at all."""
RETRY_S = 10.0
"""How long a deadlock or a lost leader is tried again."""
OLDEST = (5, 23)
_PLACE = re.compile(r" *\(line (\d+), column (\d+) \(offset: \d+\)\)")
_MISUSE = ("Neo.ClientError.Statement.", "Neo.ClientError.Schema.")


def open_driver(url: str) -> tuple[neo4j.Driver, str]:
    """Connect to a server and make sure that it answers.

    Parameters
    ----------
    url : str
        ``bolt://``, ``neo4j://`` or their encrypted forms, host and port.

    Returns
    -------
    driver : neo4j.Driver
    database : str
        The one to use, which is there.

    Raises
    ------
    StoreError
        In one line, within seconds: nobody answers, it is no Neo4j server or too
        old a one, it refuses the password, or has no such database.
    """
    split = checked_address(url)
    database = os.environ.get("NEO4J_DATABASE") or "neo4j"
    with plainly(url, database=database):
        driver = neo4j.GraphDatabase.driver(
            url,
            auth=credentials(),
            connection_timeout=ANSWER_S,
            connection_acquisition_timeout=ANSWER_S,
            max_transaction_retry_time=RETRY_S,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
            user_agent=f"atlasdb/{__version__}",
        )
        try:
            with driver.session(database=database) as session:
                server = session.run("RETURN 1 AS one").consume().server
            _refuse_old(server.agent, split)
        except BaseException:
            driver.close()
            raise
    return driver, database


def checked_address(url: str) -> SplitResult:
    """Take an address apart, and refuse what must not be in it.

    Raises
    ------
    StoreError
        If it is none, holds a password, or would send one in plain text over a
        network.
    """
    try:
        split = urlsplit(url)
        host, _ = split.hostname, split.port
    except ValueError as error:
        raise StoreError(
            "The address of the server has no valid host or port. Write "
            "bolt://HOST:7687."
        ) from error
    if split.username is not None or split.password is not None:
        raise StoreError(
            "An address must not hold a user name or password. Set NEO4J_USERNAME, "
            "and NEO4J_PASSWORD or NEO4J_PASSWORD_FILE, and leave them out of it."
        )
    if not host:
        raise StoreError("The address of the server names no host: bolt://HOST:7687.")
    routing = split.query and split.scheme.startswith("neo4j")
    if split.path.strip("/") or split.fragment or (split.query and not routing):
        raise StoreError(
            "An address ends with the port. Name the database in NEO4J_DATABASE."
        )
    plain = split.scheme in ("bolt", "neo4j")
    if plain and not _is_here(host) and os.environ.get("ATLASDB_INSECURE") != "1":
        raise StoreError(
            f"{split.scheme}://{host} would send the password and the data in plain "
            f"text. Use {split.scheme}+s://, or set ATLASDB_INSECURE=1 where the "
            "network itself is safe."
        )
    return split


def credentials() -> tuple[str, str] | None:
    """Give user name and password from the environment; None where there are none.

    Raises
    ------
    StoreError
        If the password file cannot be read.
    """
    user = os.environ.get("NEO4J_USERNAME") or "neo4j"
    password = os.environ.get("NEO4J_PASSWORD")
    if password:
        return user, password
    file = os.environ.get("NEO4J_PASSWORD_FILE")
    if not file:
        return None
    try:
        return user, Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise StoreError(
            f"The file that NEO4J_PASSWORD_FILE names cannot be read: {reason}."
        ) from error


@contextmanager
def plainly(
    url: str, *, database: str = "", timeout_s: float | None = None
) -> Iterator[None]:
    """Turn the driver's errors into ours, in one line that says what to do.

    Raises
    ------
    InvalidDataError
        For what a statement did wrong.
    StoreError
        For everything else.
    """
    try:
        yield
    except AtlasError:
        raise
    except Neo4jError as error:
        raise _of_server(error, url, database, timeout_s) from error
    except (ServiceUnavailable, SessionExpired) as error:
        raise StoreError(
            f"No Neo4j server answers at {url}. Start it, for example with "
            "'docker compose up -d', or correct the address."
        ) from error
    except ConfigurationError as error:
        raise StoreError(f"{url} cannot be used: {first_line(error)}") from error
    except Exception as error:
        # Version 5 of the driver has errors of no public class for what is no server.
        if not isinstance(error, (DriverError, OSError, ValueError)) and not (
            type(error).__module__.startswith("neo4j.")
        ):
            raise
        raise StoreError(
            f"{url} does not answer as a Neo4j server does ({first_line(error)}). "
            "Is this the Bolt port, 7687 by default?"
        ) from error


def first_line(error: Exception) -> str:
    """Give what was said; an error's place in the text as the user counts it."""
    text = str(getattr(error, "message", None) or error) or type(error).__name__
    return _PLACE.sub(
        lambda at: f" (line {max(int(at[1]) - 1, 1)}, column {at[2]})",
        text.strip().splitlines()[0],
    )


def _of_server(
    error: Neo4jError, url: str, database: str, timeout_s: float | None
) -> StoreError | InvalidDataError:
    code = error.code or ""
    if code.endswith("CredentialsExpired"):
        return StoreError(
            f"{url} wants its first password changed before anything else. Do it in "
            "Neo4j Browser or cypher-shell."
        )
    if code.endswith("AuthenticationRateLimit"):
        return StoreError(
            f"{url} refuses for some seconds after too many wrong passwords. Wait, "
            "then try again."
        )
    if isinstance(error, AuthError):
        return StoreError(
            f"{url} refuses the user name or the password. Set NEO4J_USERNAME, and "
            "NEO4J_PASSWORD or NEO4J_PASSWORD_FILE."
        )
    if code.endswith("DatabaseNotFound"):
        return StoreError(
            f"{url} has no database {database!r}. Set NEO4J_DATABASE to one it has; "
            "the Community edition has 'neo4j' alone."
        )
    if "TransactionTimedOut" in code or code.endswith("TransactionTerminated"):
        limit = f" than {timeout_s:g} s" if timeout_s is not None else " than allowed"
        return StoreError(
            f"The answer took longer{limit}. Ask for less, or raise the time limit."
        )
    if "MemoryPool" in code or "OutOfMemory" in code or "StackOverFlow" in code:
        return StoreError("The query needs more memory than there is. Ask for less.")
    said = first_line(error)
    if code.endswith("AccessMode"):
        return InvalidDataError(
            "The statement changes the graph. Writing needs --write (write=True)."
        )
    if isinstance(error, ClientError) and code.startswith(_MISUSE):
        return InvalidDataError(f"The statement cannot be answered: {said}")
    if isinstance(error, TransientError):
        return StoreError(f"{url} is busy: {said} Try again.")
    return StoreError(f"{url}: {said}")


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_old(agent: str, split: SplitResult) -> None:
    version = re.match(r"Neo4j/v?(\d+)\.(\d+)", agent)
    if version and (int(version[1]), int(version[2])) < OLDEST:
        raise StoreError(
            f"{split.scheme}://{split.netloc} runs Neo4j {version[1]}.{version[2]}; "
            "atlasdb needs 5.26 or newer."
        )
