"""Where the graph lives: a folder, or a Neo4j server."""
