"""A bridge for laboratories with py2neo notebooks: ``pip install "atlasdb[py2neo]"``.

py2neo is at its end of life, so nothing else here uses it: the store speaks through
Neo4j's own driver. The bridge hands a ``py2neo.Graph`` of the same server, turns a
connectome into a ``py2neo.Subgraph``, and takes rows from a graph.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from atlasdb.errors import InvalidDataError, MissingExtraError, StoreError
from atlasdb.schema import NODES, RELATIONSHIPS
from atlasdb.store.base import is_server

if TYPE_CHECKING:
    import pandas as pd

    from atlasdb.atlas import Atlas
    from atlasdb.types import Connectome


def graph(atlas: Atlas | str) -> Any:
    """Connect py2neo to the server of an atlas.

    Parameters
    ----------
    atlas : Atlas or str
        An open atlas on a server, or its address. User name, password and database
        come from the same ``NEO4J_*`` variables.

    Returns
    -------
    py2neo.Graph
        Its connections close when it is no longer used.

    Raises
    ------
    MissingExtraError
        If py2neo is not installed.
    InvalidDataError
        If the atlas is a folder: py2neo speaks to servers only.
    StoreError
        If the server cannot be reached, or refuses.
    """
    py2neo = _py2neo()
    url = atlas if isinstance(atlas, str) else atlas.url
    if not is_server(url):
        raise InvalidDataError(
            "py2neo needs an atlas on a Neo4j server, and this one is a folder. Use "
            "Atlas.graph for networkx, or rebuild it on a server."
        )
    from atlasdb.store.server import credentials, open_driver

    # The official driver first: its errors are told apart, within seconds.
    driver, database = open_driver(url)
    driver.close()
    with _plainly():
        found = py2neo.Graph(url, auth=credentials(), name=database)
    # py2neo leaves its sockets open, which Python warns of.
    weakref.finalize(found, _close, found.service.connector)
    return found


def to_py2neo(connectome: Connectome) -> Any:
    """Turn a connectome into nodes and relationships of py2neo.

    Parameters
    ----------
    connectome : Connectome
        As `atlasdb.Atlas.connectome` reads it.

    Returns
    -------
    py2neo.Subgraph
        ``Region`` or ``Neuron`` nodes, joined by ``CONNECTS_TO`` from source to
        target, with the properties that are set. ``id`` is the key of the nodes, so
        that ``graph.merge`` finds them again.

    Raises
    ------
    MissingExtraError
        If py2neo is not installed.
    """
    py2neo = _py2neo()
    label = "Neuron" if connectome.properties.get("level") == "animal" else "Region"
    joins = py2neo.Relationship.type("CONNECTS_TO")
    nodes: dict[str, Any] = {}
    for row in connectome.nodes.to_dict("records"):
        known = {"id", *NODES[label].properties}
        values = {str(name): value for name, value in row.items() if name in known}
        node = py2neo.Node(label, **_set(values | {"connectome": connectome.id}))
        node.__primarylabel__, node.__primarykey__ = label, "id"
        nodes[str(row["id"])] = node
    relationships = []
    for row in connectome.edges.to_dict("records"):
        known = set(RELATIONSHIPS["CONNECTS_TO"].properties)
        values = {str(name): value for name, value in row.items() if name in known}
        ends = nodes[str(row["source"])], nodes[str(row["target"])]
        relationships.append(joins(*ends, **_set(values)))
    return py2neo.Subgraph(nodes.values(), relationships)


def read(graph: Any, cypher: str, **parameters: Any) -> pd.DataFrame:
    """Take rows from a py2neo graph; nothing can be changed by it.

    Parameters
    ----------
    graph : py2neo.Graph
        Any, also one that was not made here.
    cypher : str
        A question.
    **parameters
        Values for ``$names`` in it.

    Returns
    -------
    pandas.DataFrame
        A column for each name that is returned; nodes and relationships as dicts of
        their properties.

    Raises
    ------
    InvalidDataError
        If the server refuses the text.
    StoreError
        If it cannot be reached.
    """
    import pandas as pd

    from atlasdb.store.checked import bound

    py2neo = _py2neo()
    with _plainly():
        cursor = graph.query(cypher, bound(parameters))
        names = list(cursor.keys())
        rows = [[_plain(py2neo, value) for value in record] for record in cursor]
    return pd.DataFrame(rows, columns=names)


def _py2neo() -> Any:
    try:
        with warnings.catch_warnings():
            # Nobody mends it any more, and newer versions of Python complain.
            warnings.simplefilter("ignore")
            import py2neo
    except ImportError as error:
        raise MissingExtraError("The py2neo bridge", "py2neo", "py2neo") from error
    return py2neo


def _close(connector: Any) -> None:
    """Close connections; those of a server that has ended are closed already."""
    with suppress(StoreError), _plainly():
        connector.close()


def _plain(py2neo: Any, value: Any) -> Any:
    if isinstance(value, (py2neo.Node, py2neo.Relationship)):
        return dict(value)
    if isinstance(value, list):
        return [_plain(py2neo, part) for part in value]
    return value


def _set(values: dict[str, Any]) -> dict[str, Any]:
    """Give the values that are set, as plain Python ones."""
    plain = {k: v.item() if hasattr(v, "item") else v for k, v in values.items()}
    return {k: v for k, v in plain.items() if v is not None and v == v}


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn py2neo's errors into ours."""
    from py2neo.errors import (
        ClientError,
        ConnectionBroken,
        ConnectionUnavailable,
        Neo4jError,
        ServiceUnavailable,
    )
    from py2neo.wiring import WireError

    try:
        yield
    except ClientError as error:
        line = str(error).splitlines()[0]
        raise InvalidDataError(f"The statement cannot be answered: {line}") from error
    except (
        ConnectionBroken,
        ConnectionUnavailable,
        ServiceUnavailable,
        WireError,
        OSError,
    ) as error:
        raise StoreError(
            "No Neo4j server answers any more. Start it, and connect again."
        ) from error
    except Neo4jError as error:
        raise StoreError(str(error).splitlines()[0]) from error
