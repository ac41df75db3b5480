"""Files that other tools read: tables, graphs, images, figures."""
